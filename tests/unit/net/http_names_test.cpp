// Whose names a request may carry.
#include "net/http_names.hpp"

#include <doctest/doctest.h>

using namespace hp::net;

namespace {

HttpRequest asked(const std::string& host, const std::string& origin = "") {
    HttpRequest out;
    out.host = host;
    if (!origin.empty()) out.headers.emplace_back("Origin", origin);
    return out;
}

}  // namespace

TEST_CASE("a listener on loopback has loopback's names and the public ones") {
    const HttpNames names{{"127.0.0.1", 3031}, {"Pool.example"}};
    for (const char* host : {"127.0.0.1:3031", "localhost", "LOCALHOST:3031", "[::1]:3031", "127.9.9.9",
                             "pool.example", "POOL.EXAMPLE:443"}) {
        CAPTURE(host);
        CHECK_FALSE(names.fault_of(asked(host)));
    }
    for (const char* host :
         {"evil.example", "evil.example:3031", "localhost.evil.example", "192.0.2.1", "", "pool.example.",
          "127.0.0.1.evil.example", "user@localhost", "127.0.0.1:99999"}) {
        CAPTURE(host);
        CHECK(names.fault_of(asked(host)));
    }
}

TEST_CASE("an origin is the page's own, or a public name's") {
    const HttpNames names{{"127.0.0.1", 3031}, {"pool.example"}};
    CHECK_FALSE(names.fault_of(asked("localhost:3031", "http://localhost:3031")));
    CHECK_FALSE(names.fault_of(asked("pool.example", "https://pool.example")));
    CHECK_FALSE(names.fault_of(asked("[::1]:3031", "http://[0:0:0:0:0:0:0:1]:3031")));
    // A TLS proxy that asks under the address where it finds us.
    CHECK_FALSE(names.fault_of(asked("127.0.0.1:3031", "https://pool.example")));
    for (const char* origin : {"http://evil.example", "null", "http://localhost:8080", "http://localhost",
                               "file://", "http://pool.example.evil.example",
                               "https://pool.example@evil.example", "https://evil.example@pool.example",
                               "https://pool.example/", "https://pool.example?x", "pool.example"}) {
        CAPTURE(origin);
        CHECK(names.fault_of(asked("localhost:3031", origin)));
    }
    // DNS rebinding: both agree with each other, and with nothing of ours.
    CHECK(names.fault_of(asked("evil.example", "http://evil.example")));
    HttpRequest twice = asked("localhost:3031", "http://localhost:3031");
    twice.headers.emplace_back("origin", "http://localhost:3031");
    CHECK(names.fault_of(twice));
}

TEST_CASE("where all addresses listen any address is right, since it points nowhere else; a name is not") {
    const HttpNames names{{"0.0.0.0", 3030}, {}};
    CHECK_FALSE(names.fault_of(asked("192.0.2.1:3030", "http://192.0.2.1:3030")));
    CHECK_FALSE(names.fault_of(asked("[2001:db8::1]:3030")));
    CHECK(names.fault_of(asked("rig.lan:3030")));
    const HttpNames named{{"rig.lan", 3030}, {}};
    CHECK_FALSE(named.fault_of(asked("rig.lan:3030")));
    CHECK(named.fault_of(asked("192.0.2.1:3030")));
}
