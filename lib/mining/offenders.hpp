// Addresses whose peers were closed for invalid shares. Who comes from there soon after begins with a small
// budget, which good shares raise like anybody's: reconnecting wins nothing, and an honest peer of the same
// address loses nothing.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/ip_net.hpp"

namespace hp::mining {

class Offenders {
  public:
    static constexpr SteadyMs kRememberedMs = 600'000;
    static constexpr std::size_t kMax = 4096;
    static constexpr std::uint32_t kSmallBudget = 10;

    /// `exempt`: addresses that many peers share, so that none answers for another.
    explicit Offenders(std::vector<IpNet> exempt) : exempt_{std::move(exempt)} {}

    /// `peer`: "address:port". IPv6 counts by /64, as one subscriber has that many.
    void add(std::string_view peer, SteadyMs now) {
        const auto source = source_of(peer);
        if (!source) return;
        until_ms_[*source] = now + kRememberedMs;
        if (until_ms_.size() > kMax)
            until_ms_.erase(
                std::ranges::min_element(until_ms_, {}, [](const auto& one) { return one.second; }));
    }
    /// What a new connection of this peer begins with, of a budget of `invalid_max`.
    std::uint32_t first_budget(std::string_view peer, std::uint32_t invalid_max, SteadyMs now) const {
        const auto source = source_of(peer);
        const auto it = source ? until_ms_.find(*source) : until_ms_.end();
        return it != until_ms_.end() && now < it->second ? small_budget(invalid_max) : invalid_max;
    }
    static std::uint32_t small_budget(std::uint32_t invalid_max) {
        return std::min(kSmallBudget, invalid_max);
    }

  private:
    /// Nothing for whoever is exempt.
    std::optional<IpAddress> source_of(std::string_view peer) const {
        auto host = peer.substr(0, peer.rfind(':'));
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        auto address = ip_from_text(host);
        if (!address || std::ranges::any_of(exempt_, [&](const auto& net) { return net.contains(*address); }))
            return {};
        if (!is_mapped_ipv4(*address)) std::fill(address->begin() + 8, address->end(), std::uint8_t{0});
        return address;
    }
    std::vector<IpNet> exempt_;
    std::map<IpAddress, SteadyMs> until_ms_;
};

}  // namespace hp::mining
