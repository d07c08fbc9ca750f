// UTF-8, strictly by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hp {

/// Takes the first code point off a non-empty text. Nothing if its first byte does not start a valid
/// sequence; then that one byte is taken, so that a loop over any bytes ends.
std::optional<char32_t> take_code_point(std::string_view& text);

bool is_utf8(std::string_view text);

/// UTF-8 of at most `size_max` bytes without control characters (C0, DEL, C1).
bool is_clean_text(std::string_view text, std::size_t size_max);
/// Makes it so: U+FFFD for each control character and each byte that is not UTF-8, cut at the end of a
/// character.
std::string clean_text(std::string_view text, std::size_t size_max);

}  // namespace hp
