#include "base/json_text.hpp"

#include <charconv>
#include <cmath>

#include "base/utf8.hpp"

namespace hp {
namespace {

void append_escape(std::string& out, unsigned utf16_unit) {
    constexpr char kHexDigits[] = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += kHexDigits[utf16_unit >> shift & 15];
}

template <class Number>
void append_number(std::string& out, Number value) {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, value).ptr);
}

bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const char32_t point = take_code_point(text).value_or(0xfffd);
        if (point == '"' || point == '\\') {
            out += '\\';
            out += static_cast<char>(point);
        } else if (point == '\n') {
            out += "\\n";
        } else if (point < 0x10000) {
            append_escape(out, point);
        } else {
            append_escape(out, 0xd800 + ((point - 0x10000) >> 10));
            append_escape(out, 0xdc00 + ((point - 0x10000) & 0x3ff));
        }
    }
    out += '"';
}

void append_json_integer(std::string& out, std::int64_t value) { append_number(out, value); }
void append_json_integer(std::string& out, std::uint64_t value) { append_number(out, value); }

void append_json_number(std::string& out, double value) {
    if (std::isfinite(value))
        append_number(out, value);
    else
        out += "null";
}

}  // namespace hp
