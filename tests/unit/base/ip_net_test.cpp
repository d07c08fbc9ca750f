#include "base/ip_net.hpp"

#include <arpa/inet.h>
#include <doctest/doctest.h>

#include <string>

using namespace hp;

namespace {

IpAddress address(const char* text) {
    IpAddress out{};
    if (::inet_pton(AF_INET6, text, out.data()) == 1) return out;
    out[10] = out[11] = 0xff;
    REQUIRE(::inet_pton(AF_INET, text, out.data() + 12) == 1);
    return out;
}
bool contains(const char* net, const char* one) {
    const auto parsed = IpNet::from_text(net);
    REQUIRE_MESSAGE(parsed, net);
    return parsed->contains(address(one));
}

}  // namespace

TEST_CASE("nets contain their addresses, in both families") {
    CHECK(contains("127.0.0.0/8", "127.255.0.1"));
    CHECK_FALSE(contains("127.0.0.0/8", "128.0.0.1"));
    CHECK(contains("10.1.2.3", "10.1.2.3"));
    CHECK_FALSE(contains("10.1.2.3", "10.1.2.2"));
    CHECK(contains("10.1.2.2/31", "10.1.2.3"));
    CHECK(contains("0.0.0.0/0", "8.8.8.8"));
    CHECK_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
    CHECK(contains("::1", "::1"));
    CHECK(contains("2001:db8::/32", "2001:db8:ffff::1"));
    CHECK_FALSE(contains("2001:db8::/33", "2001:db8:8000::1"));
    // An IPv4 peer of a dual-stack socket.
    CHECK(contains("192.0.2.0/24", "::ffff:192.0.2.9"));
    CHECK(contains("::/0", "192.0.2.9"));
}

TEST_CASE("what is not a net says why") {
    for (const char* text :
         {"", "localhost", "10.0.0", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
          "10.0.0.1/8", "2001:db8::1/32", "[::1]", "10.0.0.0 /8", "/8"}) {
        CAPTURE(text);
        const auto net = IpNet::from_text(text);
        REQUIRE_FALSE(net);
        CHECK(net.error().what.find("is not an IP network: ") != std::string::npos);
    }
}
