#include "config/rule.hpp"

#include <doctest/doctest.h>

#include <limits>

#include "config/declared.hpp"

namespace {

using namespace hp::config;

bool passes(const Rule& rule, const Setting& value) { return check(rule, value).has_value(); }
bool passes(const Rule& rule, const char* text) { return passes(rule, Setting{std::string(text)}); }

}  // namespace

TEST_CASE("endpoints") {
    for (const char* good :
         {"127.0.0.1:1", "0.0.0.0:65535", "[::1]:34254", "pool.example.org:34254", "localhost:1"}) {
        CAPTURE(good);
        CHECK(passes(endpoint(), good));
    }
    for (const char* bad :
         {"127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:+1", ":1", "a b:1",
          "::1:1", "[]:1", "x:1 ", "x:0x10", "x:", "http://x:1", "x:99999999999"}) {
        CAPTURE(bad);
        CHECK_FALSE(passes(endpoint(), bad));
    }
}

TEST_CASE("nets and host names") {
    for (const char* good : {"127.0.0.0/8", "::1", "10.1.2.3", "fd00::/8"}) CHECK(passes(net(), good));
    for (const char* bad : {"localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8 ", "127.0.0.1:80"}) {
        CAPTURE(bad);
        CHECK_FALSE(passes(net(), bad));
    }
    for (const char* good : {"pool.example", "localhost", "192.0.2.1", "[2001:db8::1]"})
        CHECK(passes(host_name(), good));
    for (const char* bad : {"pool.example:443", "https://pool.example", "a b", "*"}) {
        CAPTURE(bad);
        CHECK_FALSE(passes(host_name(), bad));
    }
}

TEST_CASE("URLs") {
    CHECK(passes(url(), "http://127.0.0.1:3338"));
    CHECK(passes(url(), "https://mint.example.org"));
    CHECK(passes(url(), "https://mint.example.org:8443/a/b"));
    CHECK(passes(url(), "HTTP://Mint.example.org"));
    for (const char* bad : {"mint.example.org", "ftp://x", "http://", "http://x:0", "http://x:y",
                            "http://x:65536", "http://a b", "http://x/?y", "http://x/#y", "http://x/%zz",
                            "http://user@x", "http://[::1", "http://::1"}) {
        CAPTURE(bad);
        CHECK_FALSE(passes(url(), bad));
    }
}

TEST_CASE("ranges hold their ends, and nothing that is no number") {
    CHECK(passes(range(0, 200), Setting{std::int64_t{0}}));
    CHECK(passes(range(0, 200), Setting{std::int64_t{200}}));
    CHECK_FALSE(passes(range(0, 200), Setting{std::int64_t{-1}}));
    CHECK_FALSE(passes(range(0, 200), Setting{std::int64_t{201}}));
    CHECK_FALSE(passes(range(0.1, 10), Setting{std::numeric_limits<double>::quiet_NaN()}));
    CHECK_FALSE(passes(range(0.1, 10), Setting{std::numeric_limits<double>::infinity()}));
    CHECK(allowed_text(range(2, 4'000'000)) == "a number from 2 to 4000000");
    CHECK(allowed_text(range(1, 1e18)) == "a number from 1 to 1e+18");
}

TEST_CASE("keys are checked to the last bit") {
    CHECK(passes(authority_key(), "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh"));
    CHECK_FALSE(passes(authority_key(), "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXi"));
    const std::string x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    CHECK(passes(mint_key(), x.c_str()));
    CHECK(passes(pubkey_hex(), ("02" + x).c_str()));
    CHECK_FALSE(passes(mint_key(), ("02" + x).c_str()));
    CHECK_FALSE(passes(pubkey_hex(), ("04" + x).c_str()));
    CHECK_FALSE(passes(mint_key(), std::string(64, 'f').c_str()));
}

TEST_CASE("a secret where a path or a public key belongs is not repeated") {
    // The published SRI example key.
    const std::string secret = "mkDLTBBRxdBv998612qipDYoTK3YUrqLe8uWw7gu3iXbSrn2n";
    const std::string words =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
    const std::vector<std::pair<Rule, std::string>> cases = {{secret_file(), secret},
                                                             {authority_key(), secret},
                                                             {secret_file(), std::string(64, 'a')},
                                                             {secret_file(), words}};
    for (const auto& [rule, text] : cases) {
        const auto result = check(rule, Setting{text});
        REQUIRE_FALSE(result.has_value());
        CHECK(result.error().what.find(text.substr(0, 8)) == std::string::npos);
    }
}

TEST_CASE("paths: spaces and Unicode pass; a tilde, control characters and great length do not") {
    CHECK(passes(path(), "/var/lib/hash pool/größe.db"));
    CHECK(passes(path(), Setting{std::string(kTextSizeMax, 'a')}));
    CHECK_FALSE(passes(path(), Setting{std::string(kTextSizeMax + 1, 'a')}));
    CHECK_FALSE(passes(path(), "~/x.db"));
    CHECK_FALSE(passes(path(), "a\nb"));
    CHECK_FALSE(passes(any(), Setting{std::string("a\0b", 3)}));
}

TEST_CASE("lists are bounded and have no empty elements") {
    CHECK(passes(any(), Setting{std::vector<std::string>(kListSizeMax, "x")}));
    CHECK_FALSE(passes(any(), Setting{std::vector<std::string>(kListSizeMax + 1, "x")}));
    CHECK_FALSE(passes(any(), Setting{std::vector<std::string>{""}}));
}

TEST_CASE("TOML texts are escaped") {
    CHECK(toml_text(Setting{std::string("a\"\\\n")}) == "\"a\\\"\\\\\\u000a\"");
    CHECK(toml_text(Setting{std::vector<std::string>{"a", "b"}}) == "[\"a\", \"b\"]");
    CHECK(toml_text(Setting{0.1}) == "0.1");
    CHECK(toml_text(Setting{false}) == "false");
}

TEST_CASE("what may have been meant is said where it is near, and nothing where it is not") {
    const std::vector<std::string> known{"rig1", "share_accepted", "x"};
    CHECK(did_you_mean("rig2", known) == "did you mean rig1?");
    CHECK(did_you_mean("Rig", known) == "did you mean rig1?");
    CHECK(did_you_mean("share_acepted", known) == "did you mean share_accepted?");
    CHECK(did_you_mean("y", known).empty());
    CHECK(did_you_mean("moon", known).empty());
    CHECK(did_you_mean("share", known).empty());
    CHECK(did_you_mean("rig1", {}).empty());
}

TEST_CASE("the nearest word") {
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("kitten", "sitting") == 3);
    CHECK(edit_distance("abc", "abc") == 0);
    CHECK(nearest("pool_lsten", {"mint_listen", "pool_listen"}) == "pool_listen");
    CHECK(nearest("x", {}).empty());
}
