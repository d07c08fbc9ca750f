// What a block is made of before its coinbase exists: the pure middle between a source of templates and the
// SV2 messages of the Template Distribution protocol.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "bitcoin/target.hpp"
#include "bitcoin/transaction.hpp"

namespace hp::templates {

/// Consensus: the weighted signature operations of a block, BIP 141.
inline constexpr std::uint64_t kBlockSigopCostMax = 80'000;

struct TemplateTransaction {
    Bytes raw;        ///< consensus serialisation, with witness when there is one
    Bytes32 txid{};   ///< header byte order
    Bytes32 wtxid{};  ///< header byte order
    std::uint64_t weight{};
    std::uint64_t sigop_cost{};
    bitcoin::Sats fee_sats{};
};
/// Parses `raw` wholly and computes its hashes and weight.
Result<TemplateTransaction> template_transaction(Bytes raw, bitcoin::Sats fee_sats, std::uint64_t sigop_cost);

struct BlockTemplate {
    std::uint32_t height{};
    std::uint32_t version{};
    Bytes32 prev_hash{};  ///< header byte order
    std::uint32_t nbits{};
    bitcoin::Target target{};
    std::uint32_t min_time{};       ///< the earliest time that the block may carry
    std::uint32_t header_time{};    ///< where the miner starts; at least min_time
    bitcoin::Sats coinbase_sats{};  ///< subsidy and the fees of all transactions
    bool with_commitment{};         ///< BIP 141 witness commitment required
    Bytes coinbase_flags{};         ///< what the node wants to see in the coinbase input; no rule demands it
    std::uint64_t weight_max{bitcoin::kBlockWeightMax};
    std::uint64_t sigop_cost_max{kBlockSigopCostMax};
    std::vector<std::shared_ptr<const TemplateTransaction>> transactions{};  ///< parents first, no coinbase
};
/// Another tip, or the same tip at another difficulty (test networks lower it with time): miners must switch.
bool same_tip(const BlockTemplate& a, const BlockTemplate& b);

/// What a client will put into the coinbase. Spec 7.1.
struct CoinbaseSpace {
    std::uint32_t output_size_max{};  ///< bytes of outputs that the client adds
    std::uint16_t output_sigops_max{};
    bool operator==(const CoinbaseSpace&) const = default;
};
/// The weight that header, transaction count and a coinbase of the largest allowed kind take. Spec 7 and 7.1.
std::uint64_t reserved_weight(const CoinbaseSpace& space, bool with_commitment);
/// How many transactions from the front fit next to such a coinbase; nothing when not even an empty block
/// does. Only the end is cut off: what stays never depends on what went.
std::optional<std::size_t> fitting_transactions(const BlockTemplate& block, const CoinbaseSpace& space);
/// The same template with only its first `count` transactions and without the fees of the others.
std::shared_ptr<const BlockTemplate> first_transactions(std::shared_ptr<const BlockTemplate> block,
                                                        std::size_t count);

/// Script of the BIP 141 commitment output for these transactions, with 32 zero bytes as the reserved value.
Bytes witness_commitment_script(const BlockTemplate& block);
/// BIP 34 height, then the node's flags when both fit in the 8 bytes that the spec allows (7.2).
Bytes coinbase_prefix(const BlockTemplate& block);
/// Hashes that lead from the coinbase's txid to the merkle root, deepest first.
std::vector<Bytes32> merkle_path(const BlockTemplate& block);

/// What a miner found. The coinbase is whole, or stripped of its witness.
struct Solution {
    std::uint32_t version{};
    std::uint32_t header_time{};
    std::uint32_t nonce{};
    Bytes coinbase{};
};
struct FoundBlock {
    Bytes32 hash{};  ///< header byte order
    bool meets_target{};
    Bytes raw{};  ///< serialised block; empty when it misses the target
};
/// The block that a solution makes of its template. The coinbase gets the witness that the commitment needs,
/// and loses one that nothing commits to (BIP 141 forbids it). Fails when the coinbase does not parse.
Result<FoundBlock> assemble(const BlockTemplate& block, const Solution& solution);

}  // namespace hp::templates
