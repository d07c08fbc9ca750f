// Connections that have not finished the handshake, by age and by source. Internal to this room.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "net/handshake_io.hpp"

namespace hp::net {

class Waiting {
  public:
    using Source = std::array<std::uint8_t, 16>;
    using Id = std::uint64_t;

    Id add(const Source& source, std::shared_ptr<HandshakeIo> handshake) {
        by_source_[source].insert(++last_);
        by_age_.emplace(last_, Entry{source, std::move(handshake)});
        return last_;
    }
    void remove(Id id) {
        auto found = by_age_.find(id);
        if (found == by_age_.end()) return;
        auto same_source = by_source_.find(found->second.source);
        same_source->second.erase(id);
        if (same_source->second.empty()) by_source_.erase(same_source);
        by_age_.erase(found);
    }
    std::size_t size() const { return by_age_.size(); }
    std::size_t size(const Source& source) const {
        auto found = by_source_.find(source);
        return found == by_source_.end() ? 0 : found->second.size();
    }
    /// Closes the oldest of this source, or (no source) the oldest of the source that has the most.
    void drop_oldest(const Source* source) {
        auto same_source = source ? by_source_.find(*source) : largest();
        if (same_source == by_source_.end()) return;
        Id id = *same_source->second.begin();
        auto handshake = by_age_.at(id).handshake;
        remove(id);
        handshake->cancel();
    }
    void drop_all() {
        while (!by_age_.empty()) {
            auto handshake = by_age_.begin()->second.handshake;
            remove(by_age_.begin()->first);
            handshake->cancel();
        }
    }

  private:
    struct Entry {
        Source source;
        std::shared_ptr<HandshakeIo> handshake;
    };
    using BySource = std::map<Source, std::set<Id>>;
    BySource::iterator largest() {
        return std::max_element(by_source_.begin(), by_source_.end(),
                                [](auto& a, auto& b) { return a.second.size() < b.second.size(); });
    }

    std::map<Id, Entry> by_age_;
    BySource by_source_;
    Id last_{0};
};

}  // namespace hp::net
