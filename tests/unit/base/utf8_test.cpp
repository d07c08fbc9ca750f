#include "base/utf8.hpp"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace hp::test {
namespace {

/// By the tables of RFC 3629, not by the code.
std::string encode(char32_t point) {
    const auto tail = [&](int shift) { return static_cast<char>(0x80 | (point >> shift & 0x3f)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xc0 | point >> 6), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xe0 | point >> 12), tail(6), tail(0)};
    return {static_cast<char>(0xf0 | point >> 18), tail(12), tail(6), tail(0)};
}

TEST_CASE("every code point but the surrogates is UTF-8, and none in a longer form or cut short") {
    std::size_t wrong = 0;
    for (char32_t point = 0; point <= 0x10ffff; ++point) {
        const std::string bytes = encode(point);
        std::string_view rest = bytes;
        const auto taken = take_code_point(rest);
        const bool surrogate = point >= 0xd800 && point <= 0xdfff;
        wrong += surrogate ? taken.has_value() : (taken != point || !rest.empty());
        wrong += bytes.size() > 1 && is_utf8(bytes.substr(0, bytes.size() - 1));
    }
    CHECK(wrong == 0);
}

TEST_CASE("what is no UTF-8") {
    for (const char* bytes :
         {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
          "\xf8\x88\x80\x80\x80", "\xff", "\xfe", "a\xc3", "\xc3(", "\xed\xa0\x80", "\xed\xbf\xbf"}) {
        CAPTURE(bytes);
        CHECK_FALSE(is_utf8(bytes));
    }
    CHECK(is_utf8(""));
    CHECK(is_utf8(std::string_view("\0", 1)));
    // One byte is taken, so that the next sequence is found.
    std::string_view text = "\xc3\xc3\xa9";
    CHECK_FALSE(take_code_point(text));
    CHECK(take_code_point(text) == U'\u00e9');
    CHECK(text.empty());
}

TEST_CASE("clean text: UTF-8 without control characters, cut at the end of a character") {
    const std::string mark = "\xef\xbf\xbd";
    CHECK(clean_text("rig 1, \u00e9\u6f22\U0001f600", 255) == "rig 1, \u00e9\u6f22\U0001f600");
    CHECK(clean_text("a\xff"
                     "b\xc3",
                     255) == "a" + mark + "b" + mark);
    CHECK(clean_text(std::string_view("a\0b\x1b[31m\x7f\u0085\r\n", 13), 255) ==
          "a" + mark + "b" + mark + "[31m" + mark + mark + mark + mark);
    CHECK(clean_text("abc\u00e9", 4) == "abc");
    CHECK(clean_text("abc\u00e9", 5) == "abc\u00e9");
    CHECK(clean_text("\xff\xff", 5) == mark);
    CHECK(clean_text("", 0).empty());
    for (const std::string_view text : {"", "rig 1", "\u00e9"}) CHECK(is_clean_text(text, 5));
    for (const std::string_view text : {"123456", "\xc3", "\n", "\u0085", "\x7f"})
        CHECK_FALSE(is_clean_text(text, 5));
    // Whatever comes out is clean, and stays as it is.
    std::mt19937 random(7);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (auto& byte : bytes) byte = static_cast<char>(random() % 4 ? 0xc0 + random() % 0x40 : random());
        const auto clean = clean_text(bytes, 30);
        REQUIRE(is_clean_text(clean, 30));
        REQUIRE(clean_text(clean, 30) == clean);
    }
}

}  // namespace
}  // namespace hp::test
