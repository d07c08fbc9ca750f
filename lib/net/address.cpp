#include "net/address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cstring>

#include "base/url.hpp"

namespace hp::net {

std::string Endpoint::text() const {
    bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Endpoint::is_loopback() const {
    if (host == "localhost") return true;
    in_addr v4{};
    if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
    in6_addr v6{};
    if (::inet_pton(AF_INET6, host.c_str(), &v6) != 1) return false;
    return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

Result<Endpoint> endpoint_from_text(std::string_view text) {
    const auto authority = authority_from_text(text);
    if (authority && authority->port) return Endpoint{authority->host, *authority->port};
    const bool is_bare_v6 = !text.starts_with('[') && text.find(':') != text.rfind(':');
    return fail(Errc::invalid,
                "'" + printable_url(text) +
                    "' is not an address: " + (authority ? "the port is missing" : authority.error().what),
                text.starts_with(':') ? "0.0.0.0 means all IPv4 addresses, [::] all addresses"
                : is_bare_v6          ? "write [::1]:34254"
                                      : "write host:port, for example 127.0.0.1:34254");
}

Endpoint Address::endpoint() const {
    char text[INET6_ADDRSTRLEN] = "unknown";
    if (family() == AF_INET) {
        auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
        ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
        return {text, ntohs(v4->sin_port)};
    }
    if (family() == AF_INET6) {
        auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            ::inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, text, sizeof text);
        else
            ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
        return {text, ntohs(v6->sin6_port)};
    }
    return {text, 0};
}

std::string Address::text() const { return endpoint().text(); }

std::array<std::uint8_t, 16> Address::source() const {
    std::array<std::uint8_t, 16> out{};
    if (family() == AF_INET) {
        auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
        std::memcpy(out.data() + 12, &v4->sin_addr, 4);
    } else if (family() == AF_INET6) {
        auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            std::memcpy(out.data() + 12, v6->sin6_addr.s6_addr + 12, 4);
        else
            std::memcpy(out.data(), &v6->sin6_addr, 8);
    }
    return out;
}

IpAddress Address::ip() const {
    IpAddress out{};
    if (family() == AF_INET) {
        out[10] = out[11] = 0xff;
        std::memcpy(out.data() + 12, &reinterpret_cast<const sockaddr_in*>(&storage)->sin_addr, 4);
    } else if (family() == AF_INET6) {
        std::memcpy(out.data(), &reinterpret_cast<const sockaddr_in6*>(&storage)->sin6_addr, 16);
    }
    return out;
}

Address address_from(const sockaddr* address, std::size_t size) {
    Address out;
    HP_ASSERT(size <= sizeof out.storage);
    std::memcpy(&out.storage, address, size);
    out.size = static_cast<socklen_t>(size);
    return out;
}

namespace {

Result<std::vector<Address>> look_up(const std::string& host, std::uint16_t port, int flags) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = flags | AI_NUMERICSERV;
    addrinfo* list = nullptr;
    int code = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (code != 0)
        return fail(Errc::io, "cannot resolve '" + printable(host) + "': " + ::gai_strerror(code),
                    "check the name and the DNS of this machine");
    std::vector<Address> out;
    for (addrinfo* item = list; item; item = item->ai_next)
        out.push_back(address_from(item->ai_addr, item->ai_addrlen));
    ::freeaddrinfo(list);
    return out;
}

}  // namespace

Result<std::vector<Address>> resolve_now(const Endpoint& endpoint) {
    if (auto numeric = numeric_addresses(endpoint)) return *std::move(numeric);
    return look_up(endpoint.host, endpoint.port, 0);
}

std::optional<std::vector<Address>> numeric_addresses(const Endpoint& endpoint) {
    // "localhost" must not depend on a resolver.
    if (endpoint.host == "localhost") {
        std::vector<Address> both = *numeric_addresses({"127.0.0.1", endpoint.port});
        if (auto v6 = numeric_addresses({"::1", endpoint.port})) both.push_back(v6->front());
        return both;
    }
    auto found = look_up(endpoint.host, endpoint.port, AI_NUMERICHOST);
    if (!found) return std::nullopt;
    return *std::move(found);
}

void set_stream_options(int fd) {
    auto set = [fd](int level, int option, int value) {
        // Failure means that the peer is already gone; the next read reports it.
        (void)::setsockopt(fd, level, option, &value, sizeof value);
    };
    set(IPPROTO_TCP, TCP_NODELAY, 1);
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 60);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set(IPPROTO_TCP, TCP_KEEPCNT, 4);
}

}  // namespace hp::net
