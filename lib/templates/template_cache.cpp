#include "templates/template_cache.hpp"

#include <algorithm>

#include "bitcoin/transaction.hpp"

namespace hp::templates {
namespace {

constexpr std::uint32_t kCoinbaseVersion = 2;
constexpr std::uint32_t kCoinbaseSequence = 0xffff'ffff;

sv2::templates::NewTemplate future_message(std::uint64_t template_id, const BlockTemplate& block) {
    sv2::templates::NewTemplate out;
    out.template_id = template_id;
    out.future_template = true;
    out.version = block.version;
    out.coinbase_tx_version = kCoinbaseVersion;
    out.coinbase_prefix.value = coinbase_prefix(block);
    out.coinbase_tx_input_sequence = kCoinbaseSequence;
    out.coinbase_tx_value_remaining = block.coinbase_sats;
    if (block.with_commitment) {
        out.coinbase_tx_outputs_count = 1;
        bitcoin::append_output(out.coinbase_tx_outputs.value, {0, witness_commitment_script(block)});
    }
    for (const Bytes32& hash : merkle_path(block)) out.merkle_path.items.push_back({hash});
    return out;
}

}  // namespace

sv2::templates::NewTemplate CachedTemplate::as_current() const {
    sv2::templates::NewTemplate out = message;
    out.future_template = false;
    return out;
}

sv2::templates::SetNewPrevHash CachedTemplate::prev_hash(UnixSeconds now) const {
    sv2::templates::SetNewPrevHash out;
    out.template_id = template_id;
    out.prev_hash.bytes = block->prev_hash;
    out.header_timestamp =
        std::max(block->header_time, static_cast<std::uint32_t>(std::clamp<UnixSeconds>(now, 0, UINT32_MAX)));
    out.nBits = block->nbits;
    out.target.bytes = block->target;
    return out;
}

std::shared_ptr<const CachedTemplate> TemplateCache::offer(const CoinbaseSpace& space,
                                                           std::uint64_t after_id) {
    if (!current_) return nullptr;
    auto count = fitting_transactions(*current_, space);
    if (!count) return nullptr;
    std::shared_ptr<const BlockTemplate> block;
    for (const Entry& entry : entries_) {
        if (entry.whole != current_ || entry.offer->block->transactions.size() != *count) continue;
        if (entry.offer->template_id > after_id) return entry.offer;
        block = entry.offer->block;
    }
    if (!block) block = first_transactions(current_, *count);
    last_id_ = std::max(last_id_, after_id) + 1;
    auto out = std::make_shared<const CachedTemplate>(
        CachedTemplate{last_id_, block, future_message(last_id_, *block)});
    entries_.push_back({current_, out});
    if (entries_.size() > kOffersMax) entries_.pop_front();
    return out;
}

std::shared_ptr<const CachedTemplate> TemplateCache::find(std::uint64_t template_id) const {
    auto it =
        std::lower_bound(entries_.begin(), entries_.end(), template_id,
                         [](const Entry& entry, std::uint64_t id) { return entry.offer->template_id < id; });
    return it != entries_.end() && (*it).offer->template_id == template_id ? it->offer : nullptr;
}

}  // namespace hp::templates
