// Whole blocks, and their consensus rules, except those about scripts and spent coins.
#pragma once
#include <vector>

#include "bitcoin/header.hpp"
#include "bitcoin/transaction.hpp"

namespace hp::bitcoin {

/// Transactions as bytes in full form, coinbase first.
struct Block {
    BlockHeader header{};
    std::vector<Bytes> transactions{};
    friend bool operator==(const Block&, const Block&) = default;
};

Bytes serialize_block(const Block& block);
/// Exactly one block, nothing after it; every transaction parses.
Result<Block> parse_block(ByteView bytes);

/// What the chain requires of a block. Times are seconds since 1970.
struct BlockRules {
    std::uint32_t height{};
    Bytes32 prev_hash{};
    std::uint32_t nbits{};
    std::uint32_t version_min{0x2000'0000};
    std::uint32_t ntime_min{};             ///< median time past + 1
    std::uint32_t ntime_max{0xffff'ffff};  ///< now + 7200
    Sats fees_sats{};                      ///< of the other transactions, from the caller, who knows their
                                           ///< inputs
    std::uint32_t halving_interval{210'000};
};

/// The error's text starts with Bitcoin Core's reject reason ("high-hash", "bad-txnmrklroot",
/// "bad-cb-height",
/// ...), then says what was expected and found.
Result<> check_block(const Block& block, const BlockRules& rules);

/// The header commits to exactly these bytes: merkle root, no transaction twice (CVE-2012-2459), and the
/// coinbase's commitment to the witnesses (BIP 141). Part of check_block; errors likewise.
Result<> check_commitments(const Block& block);

}  // namespace hp::bitcoin
