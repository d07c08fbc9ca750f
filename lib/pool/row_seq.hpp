// The number of an outbox row: the mint that it was routed to, and which of that mint's rows it is. Both
// stand in one integer, so that each mint's rows lie together in the table, in order, and count without a
// hole.
#pragma once
#include <cstdint>

namespace hp::pool {

/// Number of a mint in this outbox (its table `mint`), from 0 in the order of their first appearance.
using MintId = std::uint16_t;

inline constexpr unsigned kCountBits = 48;
inline constexpr std::uint64_t kCountMax = (std::uint64_t{1} << kCountBits) - 1;
/// SQLite's integers have a sign.
inline constexpr std::size_t kMintsMax = 1u << 15;

/// `count` is what the link calls seq: 1, 2, 3, ... for each mint.
constexpr std::uint64_t row_seq(MintId mint, std::uint64_t count) {
    return (std::uint64_t{mint} << kCountBits) | (count & kCountMax);
}
constexpr MintId mint_of_row(std::uint64_t seq) { return static_cast<MintId>(seq >> kCountBits); }
constexpr std::uint64_t count_of_row(std::uint64_t seq) { return seq & kCountMax; }

}  // namespace hp::pool
