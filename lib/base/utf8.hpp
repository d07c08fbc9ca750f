// UTF-8, strictly as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.
#pragma once
#include <optional>
#include <string_view>

namespace hp {

/// Takes the first code point off a text that is not empty. Nothing when its first byte starts no valid
/// sequence; then that one byte is taken, so that a loop over any bytes comes to an end.
std::optional<char32_t> take_code_point(std::string_view& text);

bool is_utf8(std::string_view text);

}  // namespace hp
