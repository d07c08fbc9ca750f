#include "base/ip_net.hpp"

#include <arpa/inet.h>

#include <charconv>
#include <string>

#include "base/bytes.hpp"

namespace hp {

namespace {
constexpr unsigned kMappedBits = 96;  // what stands before an IPv4 address
}  // namespace

Result<IpNet> IpNet::from_text(std::string_view text) {
    const auto bad = [&](const char* why) {
        return fail(Errc::invalid, "'" + printable(text, 60) + "' is not a net: " + why,
                    "write an address, or ADDRESS/BITS as 10.0.0.0/8 or fd00::/8");
    };
    const std::size_t slash = std::min(text.find('/'), text.size());
    const std::string address{text.substr(0, slash)};
    IpNet out;
    const bool is_v4 = ::inet_pton(AF_INET, address.c_str(), out.address_.data() + 12) == 1;
    if (is_v4)
        out.address_[10] = out.address_[11] = 0xff;
    else if (::inet_pton(AF_INET6, address.c_str(), out.address_.data()) != 1)
        return bad("expected an IP address");
    if (slash == text.size()) return out;
    const std::string_view length = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), out.bits_);
    if (error != std::errc{} || end != length.data() + length.size() || out.bits_ > (is_v4 ? 32u : 128u))
        return bad(is_v4 ? "expected 0 to 32 behind the slash" : "expected 0 to 128 behind the slash");
    if (is_v4) out.bits_ += kMappedBits;
    for (unsigned bit = out.bits_; bit < 128; ++bit)
        if (out.address_[bit / 8] >> (7 - bit % 8) & 1) return bad("bits are set behind its length");
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
