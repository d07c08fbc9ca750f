// Decides who may stay connected to a listener. Pure: no sockets and no clock; age is the order of arrival.
// Internal to this room.
//
// Strangers (unproven peers) and proven peers have separate places: strangers displace only strangers. A
// newcomer always gets in. It displaces the oldest stranger of the source that has the most, so a source with
// many connections competes with itself, and an honest peer keeps its place far longer than the milliseconds
// that it needs.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "net/protection.hpp"

namespace hp::net {

struct AdmissionLimits {
    std::size_t strangers_max{4096};
    /// From one source. A farm behind one address may connect all at once.
    std::size_t strangers_per_source_max{2048};
    std::size_t connections_max{20'000};  ///< guests and members
};

class Admission {
  public:
    /// What counts as one peer: an IPv4 address or an IPv6 /64.
    using Source = std::array<std::uint8_t, 16>;
    using Id = std::uint64_t;

    explicit Admission(AdmissionLimits limits) : limits_{limits} {}

    struct Entered {
        Id id;
        std::optional<Id> gone;  ///< who was displaced; no longer in the table
        bool is_source_full{false};
    };
    /// One more stranger. Each connection of an exempt source counts as its own source.
    Entered enter(const Source& source, bool is_exempt);

    struct Moved {
        bool is_in;              ///< false: all places belong to members; it stays what it was
        std::optional<Id> gone;  ///< the guest displaced for it
    };
    Moved move(Id id, Standing to);
    /// A stranger that is being closed is displaced first; others keep their place until they leave.
    void closing(Id id);
    void leave(Id id);

    std::size_t strangers() const { return strangers_.size; }
    std::size_t proven() const { return guests_.size + members_; }

  private:
    /// Exempt connections have a unique number, all others 0.
    using Key = std::pair<Source, Id>;
    struct Entry {
        Key key;
        Standing standing{Standing::stranger};
    };
    /// Connections by source, and sources by their number of connections; among equals the one with the
    /// oldest.
    struct Group {
        void add(const Key& key, Id id);
        void remove(const Key& key, Id id);
        std::size_t of(const Key& key) const;
        Id oldest_of(const Key& key) const { return *by_source.at(key).begin(); }
        Id oldest_of_largest() const { return oldest_of(by_size.rbegin()->second); }

        std::map<Key, std::set<Id>> by_source{};
        std::map<std::pair<std::size_t, Id>, Key> by_size{};  // count, and the complement of the oldest
        std::size_t size{0};

      private:
        static std::pair<std::size_t, Id> rank(const std::set<Id>& ids) {
            return {ids.size(), ~*ids.begin()};
        }
    };
    void remove(Id id);
    void take_out(Id id, const Entry& entry);

    AdmissionLimits limits_;
    std::unordered_map<Id, Entry> entries_;
    Group strangers_, guests_;
    std::set<Id> closing_;  // strangers, also in their group
    std::size_t members_{0};
    Id last_{0};
};

}  // namespace hp::net
