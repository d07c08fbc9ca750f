// The number of an outbox row: the mint that it was routed to, and its count among that mint's rows. Both are
// in one integer, so that each mint's rows are adjacent in the table, in order, and numbered without gaps.
#pragma once
#include <cstdint>

namespace hp::pool {

/// A mint's id in this outbox (table `mint`), from 0 in order of first appearance.
using MintId = std::uint16_t;

inline constexpr unsigned kCountBits = 48;
inline constexpr std::uint64_t kCountMax = (std::uint64_t{1} << kCountBits) - 1;
/// SQLite's integers are signed.
inline constexpr std::size_t kMintsMax = 1u << 15;

/// `count` is what the link calls seq: 1, 2, 3, ... for each mint.
constexpr std::uint64_t row_seq(MintId mint, std::uint64_t count) {
    return (std::uint64_t{mint} << kCountBits) | (count & kCountMax);
}
constexpr MintId mint_of_row(std::uint64_t seq) { return static_cast<MintId>(seq >> kCountBits); }
constexpr std::uint64_t count_of_row(std::uint64_t seq) { return seq & kCountMax; }

}  // namespace hp::pool
