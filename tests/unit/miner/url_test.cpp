#include "miner/url.hpp"

#include <doctest/doctest.h>

#include "crypto/base58.hpp"

using namespace hp;
using namespace hp::miner;

TEST_CASE("a URL names protocol, place and key") {
    const auto sv1 = url_from_text("stratum+tcp://pool.example:3333");
    REQUIRE(sv1.has_value());
    CHECK_FALSE(sv1->is_sv2());
    CHECK(sv1->endpoint.host == "pool.example");
    CHECK(sv1->endpoint.port == 3333);
    CHECK(url_from_text("stratum+tcp://127.0.0.1:3333/").has_value());
    CHECK(url_from_text("stratum+tcp://[::1]:3333").has_value());

    const auto key = crypto::SecretKey::generate().xonly();
    const auto sv2 = url_from_text("stratum2+tcp://127.0.0.1:34254/" + crypto::authority_key_text(key));
    REQUIRE_MESSAGE(sv2.has_value(), sv2.error().what);
    CHECK(sv2->authority == key);
    CHECK(sv2->endpoint.port == 34254);
}

TEST_CASE("anything else is a usage error that quotes it") {
    const std::string key = crypto::authority_key_text(crypto::SecretKey::generate().xonly());
    std::string mistyped = key;
    mistyped[10] = mistyped[10] == 'x' ? 'y' : 'x';
    for (const std::string& text :
         {std::string(), std::string("foo"), std::string("http://a:1"), std::string("127.0.0.1:3333"),
          std::string("stratum+tcp://"), std::string("stratum+tcp://host"),
          std::string("stratum+tcp://host:0"), std::string("stratum+tcp://host:65536"),
          std::string("stratum+tcp://host:1/x"), std::string("stratum2+tcp://host:1"),
          std::string("stratum2+tcp://host:1/"), std::string("stratum2+tcp://host:1/abc"),
          "stratum2+tcp://host:1/" + mistyped, "stratum2+tcp://host/" + key,
          std::string("stratum+tcp://a\x1b[31m:1")}) {
        CAPTURE(text);
        const auto url = url_from_text(text);
        REQUIRE_FALSE(url.has_value());
        CHECK(url.error().code == Errc::usage);
        CHECK(url.error().what.find('\x1b') == std::string::npos);
        CHECK(url.error().hint.find("stratum2+tcp://HOST:PORT/AUTHORITYKEY") != std::string::npos);
    }
}
