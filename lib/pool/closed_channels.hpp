// Channels of one connection that the pool closed lately. Their shares may still be on the way, as many as
// their miner had in flight, and the connection is not to blame for them.
#pragma once
#include <cstdint>
#include <deque>
#include <unordered_set>

#include "base/clock.hpp"

namespace hp::pool {

class ClosedChannels {
  public:
    /// Longer than any round trip that a miner can work with.
    static constexpr SteadyMs kRememberedMs = 60'000;
    /// Each takes its peer an opening and some shares that were judged.
    static constexpr std::size_t kMax = 4096;

    void add(std::uint32_t channel_id, SteadyMs now) {
        if (closed_.size() == kMax) forget_oldest();
        closed_.push_back({channel_id, now});
        ids_.insert(channel_id);
    }
    bool contains(std::uint32_t channel_id, SteadyMs now) {
        while (!closed_.empty() && now - closed_.front().at_ms >= kRememberedMs) forget_oldest();
        return ids_.contains(channel_id);
    }

  private:
    struct Closed {
        std::uint32_t channel_id;
        SteadyMs at_ms;
    };
    void forget_oldest() {
        ids_.erase(closed_.front().channel_id);
        closed_.pop_front();
    }
    std::deque<Closed> closed_;  // oldest first
    std::unordered_set<std::uint32_t> ids_;
};

}  // namespace hp::pool
