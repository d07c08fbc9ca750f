// Identifies a peer by its address: connections from one address share its limits.
#pragma once
#include <algorithm>
#include <compare>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/ip_net.hpp"

namespace hp::mining {

struct Source {
    IpAddress address{};
    std::uint64_t connection_id{0};  ///< non-zero if each connection of the address counts separately
    friend auto operator<=>(const Source&, const Source&) = default;
};

class Sources {
  public:
    /// `exempt`: addresses shared by many peers, which do not share limits.
    explicit Sources(std::vector<IpNet> exempt) : exempt_{std::move(exempt)} {}

    /// `peer`: "address:port". IPv6 counts by /64, since one subscriber has that many.
    Source of(std::string_view peer, std::uint64_t connection_id) const {
        auto host = peer.substr(0, peer.rfind(':'));
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        auto address = ip_from_text(host);
        if (!address) return {{}, connection_id};
        if (std::ranges::any_of(exempt_, [&](const auto& net) { return net.contains(*address); }))
            return {*address, connection_id};
        if (!is_mapped_ipv4(*address)) std::fill(address->begin() + 8, address->end(), std::uint8_t{0});
        return {*address, 0};
    }

  private:
    std::vector<IpNet> exempt_;
};

}  // namespace hp::mining
