// Addresses whose peers were closed for invalid shares. Who comes from there soon after begins with a small
// budget, which good shares raise like anybody's: reconnecting wins nothing, and an honest peer of the same
// address loses nothing.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace hp::mining {

class Offenders {
  public:
    static constexpr SteadyMs kRememberedMs = 600'000;
    static constexpr std::size_t kMax = 4096;
    static constexpr std::uint32_t kSmallBudget = 10;

    /// `peer`: "address:port".
    void add(std::string_view peer, SteadyMs now) {
        until_ms_[address(peer)] = now + kRememberedMs;
        if (until_ms_.size() > kMax)
            until_ms_.erase(
                std::ranges::min_element(until_ms_, {}, [](const auto& one) { return one.second; }));
    }
    /// What a new connection of this peer begins with, of a budget of `invalid_max`.
    std::uint32_t first_budget(std::string_view peer, std::uint32_t invalid_max, SteadyMs now) const {
        const auto it = until_ms_.find(address(peer));
        const bool is_one = it != until_ms_.end() && now < it->second;
        return is_one ? std::min(kSmallBudget, invalid_max) : invalid_max;
    }

  private:
    static std::string address(std::string_view peer) { return std::string(peer.substr(0, peer.rfind(':'))); }
    std::map<std::string, SteadyMs> until_ms_;
};

}  // namespace hp::mining
