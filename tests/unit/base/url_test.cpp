// What is a URL, and what stands in it: the forms that people write, and those that a reader by hand gets
// wrong.
#include "base/url.hpp"

#include <doctest/doctest.h>

using namespace hp;

namespace {

std::string fault_of(std::string_view text) {
    const auto url = url_from_text(text);
    return url ? "none" : url.error().what;
}

}  // namespace

TEST_CASE("authorities: host in lower case, an IPv6 address in its one form, the port where there is one") {
    CHECK(authority_from_text("Host.Example:80") == Authority{"host.example", 80});
    CHECK(authority_from_text("host") == Authority{"host", {}});
    CHECK(authority_from_text("host:") == Authority{"host", {}});
    CHECK(authority_from_text("host:0") == Authority{"host", 0});
    CHECK(authority_from_text("host:0080") == Authority{"host", 80});
    CHECK(authority_from_text("host:65535") == Authority{"host", 65535});
    CHECK(authority_from_text("[::1]:80") == Authority{"::1", 80});
    CHECK(authority_from_text("[0:0:0:0:0:0:0:1]") == Authority{"::1", {}});
    CHECK(authority_from_text("[2001:DB8::A]:1")->text() == "[2001:db8::a]:1");
    CHECK(authority_from_text("host:80")->text() == "host:80");
    for (const char* bad : {"",
                            ":80",
                            "a b",
                            "user@host",
                            "user:word@host:1",
                            "host:1:2",
                            "host:x",
                            "host:65536",
                            "host:99999999999",
                            "host:-1",
                            "host:+1",
                            "host: 1",
                            "[::1",
                            "[x]",
                            "[v1.x]",
                            "[::1]x",
                            "::1",
                            "a/b",
                            "a,b",
                            "[]:80",
                            "ex%61mple",
                            "[fe80::1%eth0]:1",
                            "[fe80::1%25eth0]:1",
                            "1.2.3.256",
                            "1.2.3:80"}) {
        CAPTURE(bad);
        CHECK_FALSE(authority_from_text(bad));
    }
}

TEST_CASE("a URL's parts, the scheme and the host in lower case") {
    const auto url = url_from_text("HTTPS://Mint.Example:8443/A/b%20c?x=%41&y");
    REQUIRE(url);
    CHECK(url->scheme == "https");
    CHECK(url->authority == Authority{"mint.example", 8443});
    CHECK(url->path == "/A/b%20c");
    CHECK(url->query == "x=%41&y");
    CHECK(url->origin() == "https://mint.example:8443");
    const auto bare = url_from_text("stratum+tcp://[::1]:3333");
    REQUIRE(bare);
    CHECK(bare->scheme == "stratum+tcp");
    CHECK(bare->authority == Authority{"::1", 3333});
    CHECK((bare->path.empty() && !bare->query));
    CHECK(url_from_text("http://host:/")->authority == Authority{"host", {}});
    CHECK(url_from_text("http://host?q")->query == "q");
}

TEST_CASE("what is no URL, and why, without its text") {
    CHECK(fault_of("") == "expected SCHEME://HOST");
    CHECK(fault_of("host:80") == "expected SCHEME://HOST");
    CHECK(fault_of("http:host") == "expected SCHEME://HOST");
    CHECK(fault_of("http:host://x") == "expected SCHEME://HOST");
    CHECK(fault_of("://host") == "expected SCHEME://HOST");
    CHECK(fault_of("http://") == "missing host");
    CHECK(fault_of("http://:80") == "missing host");
    CHECK(fault_of("http:///path") == "missing host");
    CHECK(fault_of("http://host:0") == "the port is 0");
    for (const char* port : {"65536", "99999", "x", "1x", "-1"})
        CHECK(fault_of("http://host:" + std::string(port)) == "the port must be 0 to 65535");
    CHECK(fault_of("http://host:x/path") == "the port must be 0 to 65535");
    CHECK(fault_of("http://::1/") == "an IPv6 address needs brackets");
    CHECK(fault_of("http://[::1/") == "the bracket is not closed");
    CHECK(fault_of("http://[::g]/") == "not an IPv6 address");
    CHECK(fault_of("http://[fe80::1%25eth0]/") == "an IPv6 address with a zone (%) is not supported");
    CHECK(fault_of("http://300.0.0.1/") == "not an IPv4 address, which has four numbers from 0 to 255");
    CHECK(fault_of("http://user@host/") == "user and password do not belong here");
    CHECK(fault_of("http://user:word@host/") == "user and password do not belong here");
    CHECK(fault_of("http://user:word@host:x/") == "user and password do not belong here");
    CHECK(fault_of("http://host/#part") == "a fragment (#) does not belong here");
    for (const char* stray : {"http://host/a b", "http://host/%zz", "http://host/%4", "http://host/\xc3\xa9",
                              "http://host/?a=[", "http://host/a\n"})
        CHECK(fault_of(stray).starts_with("a character must be percent-encoded"));
}

TEST_CASE("a password is not shown") {
    CHECK(printable_url("http://user:word@host/a@b") == "http://...@host/a@b");
    CHECK(printable_url("http://user:w@rd@host") == "http://...@host");
    CHECK(printable_url("user:word@host:1") == "...@host:1");
    CHECK(printable_url("http://host/a@b?c@d") == "http://host/a@b?c@d");
    CHECK(printable_url("http://a\x1b[31m") == "http://a\\x1b[31m");
}

TEST_CASE("request targets, in origin form and in absolute form") {
    const auto origin = request_target_from_text("/a%2Fb%C3%A9?x=%41#");
    REQUIRE(origin);
    CHECK(origin->path == "/a/b\xc3\xa9");
    CHECK(origin->query == "x=%41%23");
    CHECK(origin->authority.empty());
    const auto absolute = request_target_from_text("HTTP://Host:81?x");
    REQUIRE(absolute);
    CHECK(absolute->path == "/");
    CHECK(absolute->query == "x");
    CHECK(absolute->authority == "host:81");
    // Clients send these as they are.
    const auto stray = request_target_from_text("/\xc3\xa9[1]?w=\xc3\xa9");
    REQUIRE(stray);
    CHECK(stray->path == "/\xc3\xa9[1]");
    CHECK(query_parameters(stray->query)->at("w") == "\xc3\xa9");
    for (const char* bad : {"", "*", "a", "host:80", "/%", "/%zz", "/%00", "ftp://host/", "http://user@host/",
                            "http:///", "http://host:0/"}) {
        CAPTURE(bad);
        CHECK_FALSE(request_target_from_text(bad));
    }
}

TEST_CASE("parameters of a query: decoded, each once") {
    const auto good = query_parameters("a=1&b=x%20y+z&c=&d");
    REQUIRE(good);
    CHECK(*good == std::map<std::string, std::string>{{"a", "1"}, {"b", "x y z"}, {"c", ""}, {"d", ""}});
    CHECK(query_parameters("")->empty());
    CHECK(query_parameters("&&a=b=c&")->at("a") == "b=c");
    CHECK(query_parameters("a=%2B%26")->at("a") == "+&");
    for (const char* bad : {"a=%", "a=%zz", "a=%00", "=1", "a=1&a=2", "a=1&%61=2"}) {
        CAPTURE(bad);
        CHECK_FALSE(query_parameters(bad));
    }
}
