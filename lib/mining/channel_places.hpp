// Limits a server's total channels, and decides who loses when there are too many. Pure.
//
// A channel costs memory, and work with each template, whether or not it ever has a share; opening one costs
// a peer nothing. So there is a limit for all channels, and a smaller one for unproven ones, not covered by
// valid shares. When either is reached, the source with the most unproven channels gives way: its next
// channel is refused, and for a source with less than half as many its largest connection is closed. A
// connection whose channels are all covered by its shares is never closed for others.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>

#include "mining/source.hpp"

namespace hp::mining {

struct ChannelLimits {
    std::size_t total{100'000};
    std::size_t unproven{20'000};
};

class ChannelPlaces {
  public:
    using Id = std::uint64_t;  ///< of a connection
    /// Channels of a connection covered by each of its accepted shares. A translator with 4,000 miners has a
    /// valid share every 15 ms, at 20 a minute from each miner: it is proven within a second.
    static constexpr std::size_t kProvenByShare = 100;

    explicit ChannelPlaces(ChannelLimits limits) : limits_{limits} {}

    struct Answer {
        bool is_in;
        std::optional<Id> gone{};  ///< the connection to close for it; already removed here
    };
    Answer open(Id id, const Source& source);
    /// One channel of it.
    void close(Id id);
    void on_accepted_share(Id id);
    /// The connection, with all its channels.
    void leave(Id id);

    const ChannelLimits& limits() const { return limits_; }
    std::size_t total() const { return total_; }
    std::size_t unproven() const { return unproven_; }

  private:
    struct Connection {
        Source source;
        std::size_t channels{0};
        std::size_t proven{0};  ///< channels covered by its accepted shares
        std::size_t unproven() const { return channels > proven ? channels - proven : 0; }
    };
    struct Group {
        std::size_t unproven{0};
        std::set<std::pair<std::size_t, Id>> by_unproven{};  // connections that have some
    };
    void set(Id id, Connection& connection, std::size_t channels, std::size_t proven);
    void move(const Source& source, Id id, std::size_t before, std::size_t after);

    ChannelLimits limits_;
    std::unordered_map<Id, Connection> connections_;
    std::map<Source, Group> groups_;                        // with unproven channels
    std::set<std::pair<std::size_t, Source>> by_unproven_;  // of those
    std::size_t total_{0};
    std::size_t unproven_{0};
};

}  // namespace hp::mining
