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
