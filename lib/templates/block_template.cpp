#include "templates/block_template.hpp"

#include <algorithm>

#include "bitcoin/block.hpp"
#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"

namespace hp::templates {
namespace {

// Spec 7 and 7.1, in weight units. The last three are for a coinbase with a witness (BIP 141).
constexpr std::uint64_t kHeaderWeight = 320;
constexpr std::uint64_t kTransactionCountWeight = 12;
constexpr std::uint64_t kCoinbaseFixedWeight = 200;
constexpr std::uint64_t kCoinbaseScriptWeight = 400;
constexpr std::uint64_t kCoinbaseOutputCountWeight = 12;
constexpr std::uint64_t kCoinbaseWitnessWeight = 36;
constexpr std::uint64_t kCommitmentOutputWeight = 188;

// coinbase_prefix, spec 7.2.
constexpr std::size_t kCoinbasePrefixMax = 8;

std::vector<Bytes32> hashes(const BlockTemplate& block, Bytes32 TemplateTransaction::*which) {
    std::vector<Bytes32> out;
    out.reserve(block.transactions.size());
    for (const auto& transaction : block.transactions) out.push_back((*transaction).*which);
    return out;
}

}  // namespace

Result<TemplateTransaction> template_transaction(Bytes raw, bitcoin::Sats fee_sats,
                                                 std::uint64_t sigop_cost) {
    HP_TRY(auto parsed, bitcoin::parse_transaction(raw));
    TemplateTransaction out;
    out.txid = parsed.txid();
    out.wtxid = parsed.wtxid();
    out.weight = 3 * parsed.serialize(bitcoin::WitnessForm::stripped).size() + raw.size();
    out.sigop_cost = sigop_cost;
    out.fee_sats = fee_sats;
    out.raw = std::move(raw);
    return out;
}

bool same_tip(const BlockTemplate& a, const BlockTemplate& b) {
    return a.prev_hash == b.prev_hash && a.nbits == b.nbits;
}

std::uint64_t reserved_weight(const CoinbaseSpace& space, bool with_commitment) {
    return kHeaderWeight + kTransactionCountWeight + kCoinbaseFixedWeight + kCoinbaseScriptWeight +
           kCoinbaseOutputCountWeight + 4 * std::uint64_t{space.output_size_max} +
           (with_commitment ? kCoinbaseWitnessWeight + kCommitmentOutputWeight : 0);
}

std::optional<std::size_t> fitting_transactions(const BlockTemplate& block, const CoinbaseSpace& space) {
    std::uint64_t weight = reserved_weight(space, block.with_commitment);
    std::uint64_t sigop_cost = space.output_sigops_max;
    if (weight > block.weight_max || sigop_cost > block.sigop_cost_max) return std::nullopt;
    std::size_t count = 0;
    for (const auto& transaction : block.transactions) {
        weight += transaction->weight;
        sigop_cost += transaction->sigop_cost;
        if (weight > block.weight_max || sigop_cost > block.sigop_cost_max) break;
        ++count;
    }
    return count;
}

std::shared_ptr<const BlockTemplate> first_transactions(std::shared_ptr<const BlockTemplate> block,
                                                        std::size_t count) {
    HP_ASSERT(count <= block->transactions.size());
    if (count == block->transactions.size()) return block;
    auto out = std::make_shared<BlockTemplate>(*block);
    for (; out->transactions.size() > count; out->transactions.pop_back())
        out->coinbase_sats -= out->transactions.back()->fee_sats;
    return out;
}

Bytes witness_commitment_script(const BlockTemplate& block) {
    std::vector<Bytes32> leaves = hashes(block, &TemplateTransaction::wtxid);
    leaves.insert(leaves.begin(), Bytes32{});  // the coinbase's wtxid counts as zero
    return bitcoin::witness_commitment_output(bitcoin::witness_commitment(bitcoin::merkle_root(leaves)))
        .script_pubkey;
}

Bytes coinbase_prefix(const BlockTemplate& block) {
    Bytes out = bitcoin::height_push(block.height);
    if (out.size() + block.coinbase_flags.size() <= kCoinbasePrefixMax) append(out, block.coinbase_flags);
    return out;
}

std::vector<Bytes32> merkle_path(const BlockTemplate& block) {
    return bitcoin::merkle_path_of_first(hashes(block, &TemplateTransaction::txid));
}

Result<FoundBlock> assemble(const BlockTemplate& block, const Solution& solution) {
    HP_TRY(bitcoin::Transaction coinbase, bitcoin::parse_transaction(solution.coinbase));
    if (!coinbase.is_coinbase()) return fail(Errc::protocol, "coinbase_tx is not a coinbase transaction");
    bool commits = bitcoin::find_witness_commitment(coinbase.outputs).has_value();
    if (!commits)
        coinbase.inputs[0].witness.clear();
    else if (!coinbase.has_witness())
        coinbase.inputs[0].witness = {Bytes(32, 0)};

    bitcoin::Block out;
    out.header = {.version = solution.version,
                  .prev_hash = block.prev_hash,
                  .merkle_root = bitcoin::merkle_root_from_path(coinbase.txid(), merkle_path(block)),
                  .ntime = solution.header_time,
                  .nbits = block.nbits,
                  .nonce = solution.nonce};
    FoundBlock found;
    found.hash = out.header.hash();
    found.meets_target = bitcoin::meets(found.hash, block.target);
    if (!found.meets_target) return found;
    out.transactions.reserve(block.transactions.size() + 1);
    out.transactions.push_back(coinbase.serialize(bitcoin::WitnessForm::full));
    for (const auto& transaction : block.transactions) out.transactions.push_back(transaction->raw);
    found.raw = bitcoin::serialize_block(out);
    return found;
}

}  // namespace hp::templates
