#include "base/ip_net.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "base/bytes.hpp"

namespace hp {

namespace {
constexpr unsigned kMappedBits = 96;  // prefix of a mapped IPv4 address
}  // namespace

std::optional<IpAddress> ip_from_text(std::string_view text) {
    const std::string address{text};
    IpAddress out{};
    if (::inet_pton(AF_INET, address.c_str(), out.data() + 12) == 1) {
        out[10] = out[11] = 0xff;
        return out;
    }
    if (::inet_pton(AF_INET6, address.c_str(), out.data()) == 1) return out;
    return {};
}

bool is_mapped_ipv4(const IpAddress& address) {
    return std::all_of(address.begin(), address.begin() + 10, [](auto byte) { return byte == 0; }) &&
           address[10] == 0xff && address[11] == 0xff;
}

Result<IpNet> IpNet::from_text(std::string_view text) {
    const auto bad = [&](const char* why) {
        return fail(Errc::invalid, "'" + printable(text, 60) + "' is not an IP network: " + why,
                    "write an address, or ADDRESS/BITS such as 10.0.0.0/8 or fd00::/8");
    };
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string_view host = text.substr(0, slash);
    const auto address = ip_from_text(host);
    if (!address) return bad("expected an IP address");
    IpNet out;
    out.address_ = *address;
    const bool is_v4 = host.find(':') == host.npos;
    if (slash == text.size()) return out;
    const std::string_view length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), out.bits_);
    if (error != std::errc{} || end != length.data() + length.size() || out.bits_ > (is_v4 ? 32u : 128u))
        return bad(is_v4 ? "expected 0 to 32 after the slash" : "expected 0 to 128 after the slash");
    if (is_v4) out.bits_ += kMappedBits;
    for (unsigned bit = out.bits_; bit < 128; ++bit)
        if (out.address_[bit / 8] >> (7 - bit % 8) & 1) return bad("bits are set after the prefix");
    return out;
}

bool IpNet::contains(const IpAddress& address) const {
    for (unsigned byte = 0, left = bits_; left > 0; ++byte) {
        const unsigned here = std::min(left, 8u);
        const auto mask = static_cast<std::uint8_t>(0xff << (8 - here));
        if ((address[byte] ^ address_[byte]) & mask) return false;
        left -= here;
    }
    return true;
}

}  // namespace hp
