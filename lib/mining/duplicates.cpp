#include "mining/duplicates.hpp"

#include <algorithm>

namespace hp::mining {
namespace {

constexpr std::size_t kSlotsFirst = 64;

}  // namespace

DuplicateSet::DuplicateSet(std::size_t shares_per_tip_max, std::size_t tips_kept)
    : shares_per_tip_max_{shares_per_tip_max}, tips_kept_{tips_kept} {
    HP_ASSERT(tips_kept > 0);
}

DuplicateSet::Key DuplicateSet::key_of(const Bytes32& share_hash) {
    return {get_le<std::uint64_t>(share_hash.data()), get_le<std::uint64_t>(share_hash.data() + 8)};
}

/// The slot that holds the key, or the free one where it belongs. REQUIRES: a free slot; key not zero
std::size_t DuplicateSet::find(const TipSet& set, const Key& key) {
    const std::size_t mask = set.slots.size() - 1;
    std::size_t at = key.low & mask;
    while (set.slots[at] != Key{} && set.slots[at] != key) at = (at + 1) & mask;
    return at;
}

void DuplicateSet::grow(TipSet& set) {
    TipSet larger;
    larger.slots.resize(set.slots.empty() ? kSlotsFirst : 2 * set.slots.size());
    for (const Key& key : set.slots)
        if (key != Key{}) larger.slots[find(larger, key)] = key;
    set.slots = std::move(larger.slots);
}

DuplicateSet::TipSet& DuplicateSet::set_for(const Bytes32& prev_hash) {
    // Nearly all shares are for the newest tip.
    for (auto set = tips_.rbegin(); set != tips_.rend(); ++set)
        if (set->prev_hash == prev_hash) return *set;
    if (tips_.size() == tips_kept_) tips_.erase(tips_.begin());
    TipSet& set = tips_.emplace_back();
    set.prev_hash = prev_hash;
    return set;
}

Seen DuplicateSet::insert(const Bytes32& prev_hash, const Bytes32& share_hash) {
    TipSet& set = set_for(prev_hash);
    const Key key = key_of(share_hash);
    if (key == Key{}) {
        // All zeros is a hash like any other (AC-098), but cannot be stored in a slot.
        return std::exchange(set.has_zero_key, true) ? Seen::duplicate : Seen::fresh;
    }
    if (set.slots.empty()) grow(set);
    std::size_t at = find(set, key);
    if (set.slots[at] == key) return Seen::duplicate;
    if (set.count >= shares_per_tip_max_) {
        ++overflow_count_;
        return Seen::unknown;
    }
    if (4 * (set.count + 1) > 3 * set.slots.size()) {
        grow(set);
        at = find(set, key);
    }
    set.slots[at] = key;
    ++set.count;
    return Seen::fresh;
}

void DuplicateSet::forget(const Bytes32& prev_hash, const Bytes32& share_hash) {
    const auto set =
        std::ranges::find_if(tips_, [&](const TipSet& known) { return known.prev_hash == prev_hash; });
    if (set == tips_.end()) return;
    const Key key = key_of(share_hash);
    if (key == Key{}) {
        set->has_zero_key = false;
        return;
    }
    if (set->slots.empty()) return;
    std::size_t free = find(*set, key);
    if (set->slots[free] != key) return;
    // The following ones up to the next free slot may have been displaced by it: move each up unless that
    // would put it before its own slot.
    const std::size_t mask = set->slots.size() - 1;
    for (std::size_t at = (free + 1) & mask; set->slots[at] != Key{}; at = (at + 1) & mask) {
        const std::size_t own = set->slots[at].low & mask;
        if (((at - own) & mask) < ((at - free) & mask)) continue;
        set->slots[free] = set->slots[at];
        free = at;
    }
    set->slots[free] = Key{};
    --set->count;
}

bool DuplicateSet::contains(const Bytes32& prev_hash, const Bytes32& share_hash) const {
    const Key key = key_of(share_hash);
    for (const TipSet& set : tips_) {
        if (set.prev_hash != prev_hash) continue;
        if (key == Key{}) return set.has_zero_key;
        return !set.slots.empty() && set.slots[find(set, key)] == key;
    }
    return false;
}

std::size_t DuplicateSet::size() const {
    std::size_t size = 0;
    for (const TipSet& set : tips_) size += set.count + (set.has_zero_key ? 1 : 0);
    return size;
}

}  // namespace hp::mining
