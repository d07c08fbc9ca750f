// Difficulties as SV1 miners hear them: whole numbers wherever above 1 (some firmware reads no fraction), and
// never above the network's.
#pragma once
#include <optional>

#include "bitcoin/target.hpp"

namespace hp::mining {

/// The target of a whole difficulty that is nearest to `wanted` and not easier than `limit`; `wanted` itself
/// where its difficulty is at most 1. REQUIRES: `wanted` is not easier than `limit`
bitcoin::Target whole_difficulty_target(const bitcoin::Target& wanted, const bitcoin::Target& limit);

/// What to tell a miner whose shares are accepted at `target`: a share that it then sends is never too easy.
/// Except where the network's own target is easier than that: a miner that is told more withholds blocks.
double told_difficulty(const bitcoin::Target& target, const std::optional<bitcoin::Target>& network_target);

}  // namespace hp::mining
