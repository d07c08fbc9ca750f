// Transactions: parse, serialize, identify. Nothing here checks scripts or signatures.
#pragma once
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace hp::bitcoin {

using Sats = std::uint64_t;
/// No amount and no sum of amounts is above 21 million bitcoin.
inline constexpr Sats kMoneyMax = 2'100'000'000'000'000;
/// A block's weight limit, BIP 141: three times the stripped size plus the whole size.
inline constexpr std::size_t kBlockWeightMax = 4'000'000;

struct TxIn {
    Bytes32 prev_txid{};  ///< header byte order; zero in a coinbase
    std::uint32_t prev_index{};
    Bytes script_sig{};
    std::uint32_t sequence{0xffff'ffff};
    std::vector<Bytes> witness{};
    friend bool operator==(const TxIn&, const TxIn&) = default;
};

struct TxOut {
    Sats value_sats{};
    Bytes script_pubkey{};
    friend bool operator==(const TxOut&, const TxOut&) = default;
};

enum class WitnessForm : bool {
    stripped,  ///< the form hashed for the txid, and used in SV2 extended jobs
    full,      ///< with marker, flag and witnesses if there are any (BIP 144)
};

struct Transaction {
    std::uint32_t version{2};
    std::vector<TxIn> inputs{};
    std::vector<TxOut> outputs{};
    std::uint32_t locktime{};

    bool has_witness() const;
    /// One input that spends nothing: txid zero and index 0xffffffff.
    bool is_coinbase() const;
    Bytes serialize(WitnessForm form) const;
    /// Header byte order.
    Bytes32 txid() const;
    Bytes32 wtxid() const;
    friend bool operator==(const Transaction&, const Transaction&) = default;
};

/// Exactly one transaction in either form, nothing after it. Refuses what Bitcoin Core's decoder refuses:
/// non-minimal sizes, a witness flag without a witness, no inputs.
Result<Transaction> parse_transaction(ByteView bytes);
/// Likewise from the front of `in`, which is advanced past it.
Result<Transaction> read_transaction(ByteView& in);

/// Exactly `count` serialized outputs, nothing after them.
Result<std::vector<TxOut>> parse_outputs(ByteView bytes, std::uint64_t count);
void append_output(Bytes& out, const TxOut& output);

/// CompactSize, Bitcoin's variable-length count: 1, 3, 5 or 9 bytes.
void append_compact_size(Bytes& out, std::uint64_t value);
std::size_t compact_size_length(std::uint64_t value);
/// From the front of `in`; nothing if truncated or not minimal.
std::optional<std::uint64_t> read_compact_size(ByteView& in);

}  // namespace hp::bitcoin
