// SHA-256 with the x86 SHA extensions, two messages side by side: a single message leaves the unit idle half
// of the time, since each pair of rounds waits for the previous one.
#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace hp::miner::sha_ni {

bool is_available();

/// The state (eight words, native order) after one 64-byte block. REQUIRES: is_available()
void first_block(const std::uint8_t* block64, std::uint32_t* state);

/// Hashes headers that end in `tail` (12 bytes: end of the Merkle root, ntime, nbits) and a nonce, from the
/// state after their first 64 bytes. Returns the first nonce of [first, first + count) whose hash has its
/// most significant 32 bits at or below `top_max`, or first + count. Looks at pairs, so `count` must be even.
/// REQUIRES: is_available()
std::uint64_t find(const std::uint32_t* midstate, const std::uint8_t* tail12, std::uint64_t first,
                   std::uint64_t count, std::uint32_t top_max);

}  // namespace hp::miner::sha_ni
