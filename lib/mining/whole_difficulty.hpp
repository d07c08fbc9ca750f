// Difficulties for SV1 miners: whole numbers wherever above 1 (some firmware cannot parse fractions), and
// never above the network's.
#pragma once
#include <optional>

#include "bitcoin/target.hpp"

namespace hp::mining {

/// The target of the whole difficulty nearest to `wanted` and not easier than `limit`; `wanted` itself if its
/// difficulty is at most 1. REQUIRES: `wanted` is not easier than `limit`
bitcoin::Target whole_difficulty_target(const bitcoin::Target& wanted, const bitcoin::Target& limit);

/// The difficulty to send to a miner whose shares are accepted at `target`: its shares are then never too
/// easy. Except if the network's own target is easier: with a higher difficulty a miner would withhold
/// blocks.
double told_difficulty(const bitcoin::Target& target, const std::optional<bitcoin::Target>& network_target);

}  // namespace hp::mining
