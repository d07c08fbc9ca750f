// Who may stay connected to a listener. Pure: no sockets and no clock; age is the order in which connections
// came. Internal to this room.
//
// Strangers (peers that have proven nothing) and peers that have proven something have places of their own:
// strangers push out strangers, never the others. A newcomer always gets in. For it goes the oldest stranger
// of the source that has the most of them, so whoever comes often competes with itself, and an honest peer
// stays for as long as its source's share lasts, which is long against the milliseconds that it needs.
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
    /// Of one source. A farm behind one address may connect all at once.
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
        std::optional<Id> gone;  ///< who went for it; not in the table any more
        bool is_source_full{false};
    };
    /// One more stranger. Each connection of an exempt source counts as a source of its own.
    Entered enter(const Source& source, bool is_exempt);

    struct Moved {
        bool is_in;              ///< false: all places belong to members; it stays what it was
        std::optional<Id> gone;  ///< the guest that went for it
    };
    Moved move(Id id, Standing to);
    /// A stranger that is being closed is the first to go; the others keep their place until they leave.
    void closing(Id id);
    void leave(Id id);

    std::size_t strangers() const { return strangers_.size; }
    std::size_t proven() const { return guests_.size + members_; }

  private:
    /// Exempt connections have a number of their own, all others 0.
    using Key = std::pair<Source, Id>;
    struct Entry {
        Key key;
        Standing standing{Standing::stranger};
    };
    /// Connections by source, and the sources by how many they have; among equals the one with the oldest.
    struct Group {
        void add(const Key& key, Id id);
        void remove(const Key& key, Id id);
        std::size_t of(const Key& key) const;
        Id oldest_of(const Key& key) const { return *by_source.at(key).begin(); }
        Id oldest_of_largest() const { return oldest_of(by_size.rbegin()->second); }

        std::map<Key, std::set<Id>> by_source{};
        std::map<std::pair<std::size_t, Id>, Key> by_size{};  // count, and the oldest as its complement
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
