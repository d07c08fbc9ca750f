#include "templates/sim_chain.hpp"

#include <algorithm>

#include "bitcoin/block.hpp"
#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "crypto/sha256.hpp"

namespace hp::templates {
namespace {

constexpr std::uint32_t kBlockVersion = 0x2000'0000;
constexpr std::uint32_t kHalvingInterval = 210'000;
constexpr std::uint32_t kGenesisTime = 1'735'689'600;  // 2025-01-01 00:00:00 UTC
constexpr UnixSeconds kFutureMax = 7200;               // consensus: a block's lead over the clock
constexpr std::size_t kMedianSpan = 11;
constexpr bitcoin::Sats kCoinSats = 100'000'000;
constexpr bitcoin::Sats kFeeSats = 1'000;

Bytes32 derive(std::string_view what, std::uint32_t height, std::size_t index) {
    ByteArray<5> number;
    put_le(number.data(), height);
    number[4] = static_cast<std::uint8_t>(index);
    return crypto::sha256({as_bytes(what), number});
}

Bytes script_of(std::uint8_t witness_version_opcode, ByteView program) {
    Bytes out{witness_version_opcode, static_cast<std::uint8_t>(program.size())};
    append(out, program);
    return out;
}

/// Every second transaction spends the first output of the previous one, so that order matters in a block.
bool has_parent(std::size_t index) { return index % 2 == 1; }

/// The synthetic transaction `index` of a height: spends a coin or its parent's output, has two outputs, and
/// a fee that grows with the index. Its witness has a signature's size but is not a signature.
TemplateTransaction synthetic(std::uint32_t height, std::size_t index, const TemplateTransaction* parent) {
    constexpr std::uint8_t kOp0 = 0x00, kOp1 = 0x51;
    const bitcoin::Sats fee = kFeeSats * (index + 1);
    bitcoin::Transaction out;
    bitcoin::TxIn input;
    input.prev_txid = parent ? parent->txid : derive("hashpool sim coin", height, index);
    input.sequence = 0xffff'fffd;
    Bytes signature;
    append(signature, derive("hashpool sim witness r", height, index));
    append(signature, derive("hashpool sim witness s", height, index));
    input.witness = {std::move(signature)};
    out.inputs.push_back(std::move(input));
    bitcoin::Sats value = parent ? kCoinSats / 2 : kCoinSats;
    out.outputs.push_back({kCoinSats / 2 - (parent ? fee + kCoinSats / 4 : 0),
                           script_of(kOp1, derive("hashpool sim key", height, index))});
    Bytes32 change = derive("hashpool sim change", height, index);
    out.outputs.push_back(
        {value - fee - out.outputs[0].value_sats, script_of(kOp0, ByteView(change).first(20))});
    auto transaction = template_transaction(out.serialize(bitcoin::WitnessForm::full), fee, 0);
    HP_ASSERT(transaction);
    return *std::move(transaction);
}

bitcoin::BlockHeader genesis(std::uint32_t nbits) {
    bitcoin::Transaction coinbase;
    bitcoin::TxIn input;
    input.prev_index = 0xffff'ffff;
    input.script_sig = bitcoin::height_push(0);
    append(input.script_sig, as_bytes("Hashpool simulated chain"));
    coinbase.inputs.push_back(std::move(input));
    constexpr std::uint8_t kOpReturn = 0x6a;
    coinbase.outputs.push_back({0, Bytes{kOpReturn}});
    return {.version = kBlockVersion,
            .prev_hash = {},
            .merkle_root = coinbase.txid(),
            .ntime = kGenesisTime,
            .nbits = nbits,
            .nonce = 0};
}

std::uint32_t clamp_time(UnixSeconds time) {
    return static_cast<std::uint32_t>(std::clamp<UnixSeconds>(time, 0, UINT32_MAX));
}

}  // namespace

SimChain::SimChain(unsigned block_bits)
    : nbits_{bitcoin::nbits_from_target(bitcoin::target_from_work_bits(block_bits))} {
    HP_ASSERT(block_bits >= 1 && block_bits <= 60);
    // Compact form rounds down; the header's value is what counts.
    auto target = bitcoin::target_from_nbits(nbits_);
    HP_ASSERT(target);
    target_ = *target;
    bitcoin::BlockHeader first = genesis(nbits_);
    tip_hash_ = first.hash();
    headers_.push_back(first);
    heights_.emplace(tip_hash_, 0);
    offer_transactions();
}

void SimChain::offer_transactions() {
    offered_.clear();
    for (std::size_t i = 0; i < kTransactionsPerHeight; ++i) {
        const TemplateTransaction* parent = has_parent(i) ? offered_.back().get() : nullptr;
        offered_.push_back(std::make_shared<const TemplateTransaction>(synthetic(height() + 1, i, parent)));
    }
}

std::uint32_t SimChain::time_min() const {
    std::vector<std::uint32_t> times;
    for (std::size_t i = headers_.size(); i > 0 && times.size() < kMedianSpan; --i)
        times.push_back(headers_[i - 1].ntime);
    std::sort(times.begin(), times.end());
    return times[times.size() / 2] + 1;
}

std::size_t SimChain::first_transaction_count() const {
    return derive("hashpool sim count", height() + 1, 0)[0] % (kTransactionsPerHeight + 1);
}

std::shared_ptr<const BlockTemplate> SimChain::make_template(UnixSeconds now,
                                                             std::size_t transaction_count) const {
    HP_ASSERT(transaction_count <= offered_.size());
    auto out = std::make_shared<BlockTemplate>();
    out->height = height() + 1;
    out->version = kBlockVersion;
    out->prev_hash = tip_hash_;
    out->nbits = nbits_;
    out->target = target_;
    out->min_time = time_min();
    out->header_time = std::max(out->min_time, clamp_time(now));
    out->with_commitment = true;
    out->coinbase_sats = bitcoin::block_subsidy(out->height, kHalvingInterval);
    out->transactions.assign(offered_.begin(),
                             offered_.begin() + static_cast<std::ptrdiff_t>(transaction_count));
    for (const auto& transaction : out->transactions) out->coinbase_sats += transaction->fee_sats;
    return out;
}

Result<SimChain::Checked> SimChain::check(ByteView bytes, UnixSeconds now) const {
    auto block = bitcoin::parse_block(bytes);
    if (!block) return fail(Errc::refused, "bad-block-encoding: " + block.error().what);
    Checked out{block->header, block->header.hash()};
    if (heights_.contains(out.hash)) return fail(Errc::refused, "duplicate");
    if (auto parent = heights_.find(block->header.prev_hash); parent == heights_.end())
        return fail(Errc::refused, "bad-prevblk: unknown block " + to_hex_reversed(block->header.prev_hash));
    else if (parent->second != height())
        return fail(Errc::refused, "stale-prevblk: builds on height " + std::to_string(parent->second) +
                                       ", the tip is at " + std::to_string(height()));

    bitcoin::Sats fees = 0;
    std::vector<bool> taken(offered_.size());
    for (std::size_t i = 1; i < block->transactions.size(); ++i) {
        auto it = std::find_if(offered_.begin(), offered_.end(),
                               [&](const auto& offered) { return offered->raw == block->transactions[i]; });
        auto index = static_cast<std::size_t>(it - offered_.begin());
        if (it == offered_.end() || taken[index] || (has_parent(index) && !taken[index - 1]))
            return fail(Errc::refused,
                        "bad-txns-inputs-missingorspent: transaction " + std::to_string(i) + " of the block");
        taken[index] = true;
        fees += (*it)->fee_sats;
    }
    bitcoin::BlockRules rules{.height = height() + 1,
                              .prev_hash = tip_hash_,
                              .nbits = nbits_,
                              .version_min = kBlockVersion,
                              .ntime_min = time_min(),
                              .ntime_max = clamp_time(now + kFutureMax),
                              .fees_sats = fees,
                              .halving_interval = kHalvingInterval};
    HP_DO(bitcoin::check_block(*block, rules));
    return out;
}

void SimChain::extend(const Checked& block) {
    HP_ASSERT(block.header.prev_hash == tip_hash_);
    headers_.push_back(block.header);
    tip_hash_ = block.hash;
    heights_.emplace(tip_hash_, height());
    offer_transactions();
}

}  // namespace hp::templates
