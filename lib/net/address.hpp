// Socket addresses in the kernel's form. Internal to this room.
#pragma once
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/ip_net.hpp"
#include "net/fd.hpp"
#include "net/loop.hpp"

namespace hp::net {

struct Address {
    sockaddr_storage storage{};
    socklen_t size{0};
    const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const { return storage.ss_family; }
    Endpoint endpoint() const;
    /// "address:port"; "unknown" for anything that is not IP.
    std::string text() const;
    /// What counts as one source for limits: an IPv4 address, or an IPv6 /64 (a single subscriber has that
    /// many).
    std::array<std::uint8_t, 16> source() const;
    /// Zeros for anything that is not IP.
    IpAddress ip() const;
};

/// All current addresses of a host; blocks unless it is numeric (only for listening sockets at start).
Result<std::vector<Address>> resolve_now(const Endpoint& endpoint);
/// Only IPv4 and IPv6 literals, and "localhost".
std::optional<std::vector<Address>> numeric_addresses(const Endpoint& endpoint);
Address address_from(const sockaddr* address, std::size_t size);

/// For every connection: no Nagle delay, and keep-alive probes that detect dead peers within two minutes.
void set_stream_options(int fd);

}  // namespace hp::net
