// IP networks such as "10.0.0.0/8" and "fd00::/8", or single addresses.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.hpp"

namespace hp {

/// An IPv6 address in network byte order; IPv4 is ::ffff:a.b.c.d, so that every address has one form.
using IpAddress = std::array<std::uint8_t, 16>;

/// Nothing for text that is not an IPv4 or IPv6 address.
std::optional<IpAddress> ip_from_text(std::string_view text);

/// ::ffff:a.b.c.d, the form of IPv4 addresses.
bool is_mapped_ipv4(const IpAddress& address);

class IpNet {
  public:
    /// Errors: not an address, a prefix longer than the address, bits set after the prefix.
    static Result<IpNet> from_text(std::string_view text);
    bool contains(const IpAddress& address) const;

  private:
    IpAddress address_{};
    unsigned bits_{128};
};

}  // namespace hp
