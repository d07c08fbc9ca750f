// Targets, difficulty and work. A Target is the 32 little-endian bytes used in SV2, compared as a number.
#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace hp::bitcoin {

/// 256-bit little-endian number: a target, or a block hash in header byte order read as a number.
using Target = Bytes32;

/// -1, 0, 1 as a < b, a == b, a > b, as numbers.
int compare(const Target& a, const Target& b);
/// hash <= target.
inline bool meets(const Bytes32& hash, const Target& target) { return compare(hash, target) <= 0; }

/// Compact form to target; nothing if negative, zero or above 2^256.
std::optional<Target> target_from_nbits(std::uint32_t nbits);
std::uint32_t nbits_from_target(const Target& target);
/// SRI's rule: hs = trunc(hashrate * 60 / shares_per_minute); (2^256 - 1 - hs) div (hs + 1).
Target target_from_hashrate(double hash_rate_hps, double shares_per_minute);
/// The easiest target whose expected work is at least 2^bits hashes: floor(2^256 / 2^bits) - 1 (bits 0: all
/// ones).
Target target_from_work_bits(unsigned bits);
/// 0xffff * 2^208 / target: pool difficulty, as in SV1.
double difficulty_from_target(const Target& target);
Target target_from_difficulty(double difficulty);
/// floor(2^256 / (target + 1)): expected hashes, as a double (for hash rates) and shifted right exactly (for
/// money).
double work_from_target(const Target& target);
/// floor(2^256 / (target + 1)) >> shift, saturated at 2^62.
std::uint64_t work_units(const Target& target, unsigned shift);
/// Leading zero bits of a hash in header byte order, i.e. of its displayed form.
unsigned leading_zero_bits(const Bytes32& hash);

}  // namespace hp::bitcoin
