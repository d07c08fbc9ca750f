// Telling other protocols from act 1 by the first bytes.
#include "net/first_bytes.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace hp;
using namespace hp::net;

TEST_CASE("other protocols are recognised") {
    CHECK(guess_plain_protocol(as_bytes("GET /v1/info HTTP/1.1\r\n")) == "HTTP");
    CHECK(guess_plain_protocol(as_bytes("PRI * HTTP/2.0\r\n")) == "HTTP");
    CHECK(guess_plain_protocol(as_bytes("SSH-2.0-x")) == "SSH");
    CHECK(guess_plain_protocol(as_bytes("{\"id\": 1, \"method\"")) == "SV1 (JSON)");
    CHECK(guess_plain_protocol(as_bytes("hello, is this the mining port?")) == "text");
}

namespace {
const std::string kProxyV2{"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16};
const std::string kClientHello{"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03", 11};
}  // namespace

TEST_CASE("what a load balancer puts before a connection has its name at both ports") {
    for (const std::string& header : {std::string("PROXY TCP4 192.0.2.1 192.0.2.2 5 6\r\n"),
                                      std::string("PROXY UNKNOWN\r\n"), kProxyV2}) {
        CHECK(guess_plain_protocol(as_bytes(header)) == "a PROXY protocol header");
        CHECK(guess_not_lines(as_bytes(header)) == "a PROXY protocol header");
    }
}

TEST_CASE("at a port of lines, what is no line has its name") {
    CHECK(guess_not_lines(as_bytes("GET / HTTP/1.1\r\n")) == "HTTP");
    CHECK(guess_not_lines(as_bytes(kClientHello)) == "TLS");
    CHECK(guess_not_lines(as_bytes("SSH-2.0-x\r\n")) == "SSH");
    CHECK(guess_not_lines(Bytes(64, 0xa7)) == "SV2 (Noise)");
    // Lines, and what is not enough to say.
    for (const std::string& text :
         {std::string(R"({"id":1,"method":"mining.subscribe","params":["\u00e4)") + std::string(80, '\xe4'),
          std::string("\n"), std::string("G"), std::string(63, '\xa7'), std::string("hello"), std::string()})
        CHECK(guess_not_lines(as_bytes(text)).empty());
}

TEST_CASE("too few bytes are no guess yet") {
    for (std::string_view text : {"", "G", "GET", "{", "{\"id\"", "SSH-", "hello"})
        CHECK(guess_plain_protocol(as_bytes(text)).empty());
}

TEST_CASE("random keys are not mistaken, also when they begin like something") {
    std::mt19937_64 random{1};
    Bytes key(64);
    for (int i = 0; i < 200'000; ++i) {
        for (std::size_t at = 0; at < key.size(); at += 8) put_le<std::uint64_t>(key.data() + at, random());
        if (i % 4 == 1) key[0] = '{';
        if (i % 4 == 2) key[0] = 0x16, key[1] = 0x03;
        if (i % 4 == 3) key[0] = key[1] = key[2] = 0;
        REQUIRE(guess_plain_protocol(key).empty());
    }
}
