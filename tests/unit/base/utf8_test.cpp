#include "base/utf8.hpp"

#include <doctest/doctest.h>

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

}  // namespace
}  // namespace hp::test
