// Coinbase transactions: height, commitment, witness, subsidy.
#pragma once
#include <span>

#include "bitcoin/transaction.hpp"

namespace hp::bitcoin {

/// Consensus: a coinbase's scriptSig has 2 to 100 bytes.
inline constexpr std::size_t kCoinbaseScriptMin = 2;
inline constexpr std::size_t kCoinbaseScriptMax = 100;

/// The push of the height that starts a coinbase's scriptSig (BIP 34), as in Bitcoin Core: OP_0, OP_1 to
/// OP_16, then the shortest little-endian number with a sign bit.
Bytes height_push(std::uint32_t height);
/// The height that such a scriptSig starts with.
Result<std::uint32_t> coinbase_height(ByteView script_sig);

/// BIP 141: SHA-256 twice over the witness merkle root (its first leaf is 32 zero bytes) and the reserved
/// value.
Bytes32 witness_commitment(const Bytes32& witness_root, const Bytes32& reserved = {});
/// The zero-value output that carries it: OP_RETURN, push of aa21a9ed || commitment.
TxOut witness_commitment_output(const Bytes32& commitment);
/// The commitment in these outputs; the last one if there are several.
std::optional<Bytes32> find_witness_commitment(std::span<const TxOut> outputs);

/// A stripped coinbase in full form, with the witness of 32 zero bytes that BIP 141 requires for a coinbase
/// with a commitment.
Result<Bytes> add_coinbase_witness(ByteView stripped_coinbase);

/// New coins of a block at this height; 210000 on mainnet, 150 on regtest. REQUIRES: interval > 0
Sats block_subsidy(std::uint32_t height, std::uint32_t halving_interval);

}  // namespace hp::bitcoin
