#include "base/utf8.hpp"

#include <simdjson.h>

#include <cstddef>

namespace hp {
namespace {

bool is_control(char32_t point) { return point < 0x20 || (point >= 0x7f && point < 0xa0); }

}  // namespace

std::optional<char32_t> take_code_point(std::string_view& text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    std::size_t size = lead < 0x80         ? 1
                       : lead >> 5 == 0x6  ? 2
                       : lead >> 4 == 0xe  ? 3
                       : lead >> 3 == 0x1e ? 4
                                           : 0;
    char32_t point = size == 1 ? lead : lead & (0x7f >> size);
    bool valid = size != 0 && size <= text.size();
    for (std::size_t i = 1; valid && i < size; ++i) {
        valid = (byte(i) & 0xc0) == 0x80;
        point = point << 6 | (byte(i) & 0x3f);
    }
    constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    valid = valid && point >= kSmallest[size] && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
    text.remove_prefix(valid ? size : 1);
    return valid ? std::optional{point} : std::nullopt;
}

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

bool is_clean_text(std::string_view text, std::size_t size_max) {
    if (text.size() > size_max) return false;
    while (!text.empty()) {
        const auto point = take_code_point(text);
        if (!point || is_control(*point)) return false;
    }
    return true;
}

std::string clean_text(std::string_view text, std::size_t size_max) {
    constexpr std::string_view kReplacement = "\xef\xbf\xbd";
    std::string out;
    while (!text.empty()) {
        const std::string_view before = text;
        const auto point = take_code_point(text);
        const auto piece =
            point && !is_control(*point) ? before.substr(0, before.size() - text.size()) : kReplacement;
        if (out.size() + piece.size() > size_max) break;
        out += piece;
    }
    return out;
}

}  // namespace hp
