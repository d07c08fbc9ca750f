// A block before its coinbase exists: the pure layer between a source of templates and the SV2 messages of
// the Template Distribution protocol.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/bytes.hpp"
#include "bitcoin/target.hpp"
#include "bitcoin/transaction.hpp"

namespace hp::templates {

/// Consensus limit of a block's weighted signature operations, BIP 141.
inline constexpr std::uint64_t kBlockSigopCostMax = 80'000;

struct TemplateTransaction {
    Bytes raw;        ///< consensus serialization, with witness if there is one
    Bytes32 txid{};   ///< header byte order
    Bytes32 wtxid{};  ///< header byte order
    std::uint64_t weight{};
    std::uint64_t sigop_cost{};
    bitcoin::Sats fee_sats{};
};
/// Parses all of `raw` and computes its hashes and weight.
Result<TemplateTransaction> template_transaction(Bytes raw, bitcoin::Sats fee_sats, std::uint64_t sigop_cost);

struct BlockTemplate {
    std::uint32_t height{};
    std::uint32_t version{};
    Bytes32 prev_hash{};  ///< header byte order
    std::uint32_t nbits{};
    bitcoin::Target target{};
    std::uint32_t min_time{};       ///< the block's earliest allowed time
    std::uint32_t header_time{};    ///< where the miner starts; at least min_time
    bitcoin::Sats coinbase_sats{};  ///< subsidy and the fees of all transactions
    bool with_commitment{};         ///< BIP 141 witness commitment required
    Bytes coinbase_flags{};         ///< what the node suggests for the coinbase input; not a consensus rule
    std::uint64_t weight_max{bitcoin::kBlockWeightMax};
    std::uint64_t sigop_cost_max{kBlockSigopCostMax};
    std::vector<std::shared_ptr<const TemplateTransaction>> transactions{};  ///< parents first, no coinbase
};
/// Another tip, or the same tip at another difficulty (test networks lower it over time): miners must switch.
bool same_tip(const BlockTemplate& a, const BlockTemplate& b);

/// What a client will put into the coinbase. Spec 7.1.
struct CoinbaseSpace {
    std::uint32_t output_size_max{};  ///< bytes of outputs that the client adds
    std::uint16_t output_sigops_max{};
    bool operator==(const CoinbaseSpace&) const = default;
};
/// The weight of header, transaction count and the largest allowed coinbase. Spec 7 and 7.1.
std::uint64_t reserved_weight(const CoinbaseSpace& space, bool with_commitment);
/// How many of the first transactions fit next to such a coinbase; nothing if not even an empty block does.
/// Only the end is cut off: the rest never depends on what was cut.
std::optional<std::size_t> fitting_transactions(const BlockTemplate& block, const CoinbaseSpace& space);
/// The same template with only its first `count` transactions, and without the fees of the others.
std::shared_ptr<const BlockTemplate> first_transactions(std::shared_ptr<const BlockTemplate> block,
                                                        std::size_t count);

/// Script of the BIP 141 commitment output for these transactions, with 32 zero bytes as the reserved value.
Bytes witness_commitment_script(const BlockTemplate& block);
/// BIP 34 height, then the node's flags if both fit in the 8 bytes allowed by the spec (7.2).
Bytes coinbase_prefix(const BlockTemplate& block);
/// The merkle path from the coinbase's txid to the root, deepest first.
std::vector<Bytes32> merkle_path(const BlockTemplate& block);

/// A miner's solution. The coinbase may be complete or stripped of its witness.
struct Solution {
    std::uint32_t version{};
    std::uint32_t header_time{};
    std::uint32_t nonce{};
    Bytes coinbase{};
};
struct FoundBlock {
    Bytes32 hash{};  ///< header byte order
    bool meets_target{};
    Bytes raw{};  ///< serialized block; empty if it misses the target
};
/// The block from a template and its solution. The coinbase gets the witness that the commitment needs, and
/// loses one that nothing commits to (BIP 141 forbids it). Fails if the coinbase does not parse.
Result<FoundBlock> assemble(const BlockTemplate& block, const Solution& solution);

}  // namespace hp::templates
