#include "net/admission.hpp"

#include "base/result.hpp"

namespace hp::net {

void Admission::Group::add(const Key& key, Id id) {
    auto& ids = by_source[key];
    if (!ids.empty()) by_size.erase(rank(ids));
    ids.insert(id);
    by_size.emplace(rank(ids), key);
    ++size;
}

void Admission::Group::remove(const Key& key, Id id) {
    const auto found = by_source.find(key);
    by_size.erase(rank(found->second));
    found->second.erase(id);
    if (found->second.empty())
        by_source.erase(found);
    else
        by_size.emplace(rank(found->second), key);
    --size;
}

std::size_t Admission::Group::of(const Key& key) const {
    const auto found = by_source.find(key);
    return found == by_source.end() ? 0 : found->second.size();
}

Admission::Entered Admission::enter(const Source& source, bool is_exempt) {
    Entered out{++last_, {}};
    const Key key{source, is_exempt ? out.id : 0};
    out.is_source_full = strangers_.of(key) >= limits_.strangers_per_source_max;
    if (out.is_source_full)
        out.gone = strangers_.oldest_of(key);
    else if (strangers_.size >= limits_.strangers_max)
        out.gone = closing_.empty() ? strangers_.oldest_of_largest() : *closing_.begin();
    if (out.gone) remove(*out.gone);
    entries_.emplace(out.id, Entry{key});
    strangers_.add(key, out.id);
    return out;
}

Admission::Moved Admission::move(Id id, Standing to) {
    const auto found = entries_.find(id);
    if (found == entries_.end()) return {false, {}};
    Entry& entry = found->second;
    if (entry.standing == to) return {true, {}};
    Moved out{true, {}};
    if (entry.standing == Standing::stranger && proven() >= limits_.connections_max) {
        if (guests_.size == 0) return {false, {}};
        out.gone = guests_.oldest_of_largest();
        remove(*out.gone);
    }
    take_out(id, entry);
    entry.standing = to;
    if (to == Standing::member) ++members_;
    if (to == Standing::guest) guests_.add(entry.key, id);
    if (to == Standing::stranger) strangers_.add(entry.key, id);
    return out;
}

void Admission::closing(Id id) {
    const auto found = entries_.find(id);
    if (found != entries_.end() && found->second.standing == Standing::stranger) closing_.insert(id);
}

void Admission::leave(Id id) {
    if (entries_.contains(id)) remove(id);
}

void Admission::remove(Id id) {
    const auto found = entries_.find(id);
    HP_ASSERT(found != entries_.end());
    take_out(id, found->second);
    entries_.erase(found);
}

void Admission::take_out(Id id, const Entry& entry) {
    closing_.erase(id);
    if (entry.standing == Standing::member) --members_;
    if (entry.standing == Standing::guest) guests_.remove(entry.key, id);
    if (entry.standing == Standing::stranger) strangers_.remove(entry.key, id);
}

}  // namespace hp::net
