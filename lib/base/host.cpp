#include "base/host.hpp"

#include <arpa/inet.h>

#include <string>

namespace hp {
namespace {

constexpr std::size_t kNameSizeMax = 253;  // RFC 1035 2.3.4, without the root's dot

bool is_of(std::string_view text, std::string_view characters) {
    return text.find_first_not_of(characters) == std::string_view::npos;
}

const char* ipv6_fault(std::string_view bracketed) {
    if (bracketed.size() < 3 || bracketed.back() != ']') return "the bracket is not closed";
    const std::string address{bracketed.substr(1, bracketed.size() - 2)};
    if (address.find('%') != std::string::npos) return "an IPv6 address with a zone (%) is not supported";
    in6_addr ignored{};
    return ::inet_pton(AF_INET6, address.c_str(), &ignored) == 1 ? nullptr : "not an IPv6 address";
}

}  // namespace

const char* host_fault(std::string_view host) {
    if (host.empty()) return "missing host";
    if (host.front() == '[') return ipv6_fault(host);
    if (host.find(':') != std::string_view::npos) return "an IPv6 address needs brackets";
    if (!is_of(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-_"))
        return "the host name has an invalid character";
    if (host.size() > kNameSizeMax) return "the host is too long";
    in_addr ignored{};
    if (is_of(host, "0123456789.") && ::inet_pton(AF_INET, std::string(host).c_str(), &ignored) != 1)
        return "not an IPv4 address, which has four numbers from 0 to 255";
    return nullptr;
}

}  // namespace hp
