#include "cashu/json.hpp"

#include "cashu/errors.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;

TEST_CASE("documents that two readers could read differently are refused") {
    for (const char* bad :
         {"", " ", "{", "{}x", "{} {}", "[1,]", "{\"a\":1,}", "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
          "{'a':1}", "nul", "\"\x01\"", "[1 2]", "\xef\xbb\xbf{", "[-]", "[1e]"}) {
        CAPTURE(bad);
        CHECK(!parse_json(bad).has_value());
    }
    CHECK(parse_json("{\"a\":{\"b\":1},\"b\":2}").has_value());
}

TEST_CASE("depth and number of values are bounded") {
    CHECK(parse_json(std::string(60, '[') + std::string(60, ']')).has_value());
    CHECK(!parse_json(std::string(65, '[') + std::string(65, ']')).has_value());
    CHECK(!parse_json(std::string(100000, '[')).has_value());
    CHECK(parse_json("[1,2,3]", 4).has_value());
    CHECK(!parse_json("[1,2,3]", 3).has_value());
}

TEST_CASE("a member that is null counts as absent") {
    auto json = parse_json(R"({"a":null,"b":1})");
    REQUIRE(json.has_value());
    CHECK(json->find("a") == nullptr);
    CHECK(json->need_integer("a").error().what == "a: missing");
    CHECK(json->need_integer("b") == 1u);
    CHECK(parse_json("[]")->need("a").error().what == "expected an object, got an array");
}

TEST_CASE("strings are escaped so that a reader gets them back") {
    std::string text = "quote\" back\\ newline\n nul";
    text += '\0';
    text += "\x1f \xe2\x80\xa8 \x7f";
    std::string out;
    append_json_string(out, text);
    CHECK(parse_json(out)->string == text);
    CHECK(hp::test::Json::parse(out) == text);
}

TEST_CASE("error bodies carry detail and code, as cashu-ts needs them") {
    CHECK(to_json(CashuError{Code::already_spent, "a \"quoted\" thing"}) ==
          R"({"detail":"a \"quoted\" thing","code":11001})");
    auto back = error_from_json(R"({"detail":"x","code":20008,"extra":[]})");
    REQUIRE(back.has_value());
    CHECK(*back == CashuError{Code::signature_invalid, "x"});
    CHECK(!error_from_json(R"({"detail":"x"})").has_value());
    CHECK(!error_from_json(R"({"detail":"x","code":70000})").has_value());
    CHECK(error_from_json(R"({"code":12345})")->detail.empty());
}

TEST_CASE("every code has a text of its own") {
    std::vector<std::string_view> texts;
    for (unsigned code = 0; code <= 0xffff; ++code)
        if (auto words = text(static_cast<Code>(code)); words != "unknown code") texts.push_back(words);
    CHECK(texts.size() == 37);
    std::sort(texts.begin(), texts.end());
    CHECK(std::adjacent_find(texts.begin(), texts.end()) == texts.end());
}
