// Nets of IP addresses, as "10.0.0.0/8", "fd00::/8", or an address alone.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace hp {

/// An IPv6 address in network byte order; IPv4 is ::ffff:a.b.c.d, so that one address has one form.
using IpAddress = std::array<std::uint8_t, 16>;

/// Nothing for text that is not an IPv4 or IPv6 address.
std::optional<IpAddress> ip_from_text(std::string_view text);

/// ::ffff:a.b.c.d, as IPv4 addresses are kept.
bool is_mapped_ipv4(const IpAddress& address);

class IpNet {
  public:
    /// Errors: no address, a length beyond the address, bits set behind the length.
    static Result<IpNet> from_text(std::string_view text);
    bool contains(const IpAddress& address) const;

  private:
    IpAddress address_{};
    unsigned bits_{128};
};

}  // namespace hp
