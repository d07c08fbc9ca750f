#include "web/page_json.hpp"

#include <doctest/doctest.h>

using namespace hp;

namespace {

std::string text_of(std::string body) {
    const auto out = web::page_object({200, std::move(body)});
    return out ? *out : "error: " + out.error().what;
}

}  // namespace

TEST_CASE("whole numbers that JavaScript would round are strings") {
    CHECK(text_of(R"({"a":9007199254740991,"b":9007199254740992,"c":[18446744073709551615]})") ==
          R"({"a":9007199254740991,"b":"9007199254740992","c":["18446744073709551615"]})");
    CHECK(text_of(R"({"a":-9007199254740991,"b":-9007199254740992})") ==
          R"({"a":-9007199254740991,"b":"-9007199254740992"})");
    CHECK(text_of(R"({"a":9007199254740993.0,"b":{"c":{"d":9223372036854775807}}})") ==
          R"({"a":9.007199254740992e+15,"b":{"c":{"d":"9223372036854775807"}}})");
}

TEST_CASE("an object on one line, in ASCII, not too deep; all else is an error") {
    CHECK(text_of("{\n\"a\": \"\xe2\x80\xa8\"}") == R"({"a":"\u2028"})");
    CHECK(text_of("[1]").starts_with("error: "));
    CHECK(text_of("").starts_with("error: "));
    CHECK(text_of(std::string(100'000, '[')).starts_with("error: "));
    std::string deep = "1";
    for (int i = 0; i < 17; ++i) deep = R"({"a":)" + deep + "}";
    CHECK(text_of(deep).starts_with("error: "));
    CHECK(web::page_object({503, "{}"}).error().what == "answers with HTTP 503");
}
