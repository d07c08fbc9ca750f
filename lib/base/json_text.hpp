// Writes JSON by appending text, for paths where a document tree costs too much.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hp {

/// Appends `text` as a JSON string in quotes, in printable ASCII only: control characters, DEL and everything
/// beyond ASCII become \u escapes, so the result is one line, and safe on a terminal whatever a peer sent
/// (line separators, direction marks). A byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

void append_json_integer(std::string& out, std::int64_t value);
void append_json_integer(std::string& out, std::uint64_t value);

/// Appends the shortest decimal that reads back as the same double; `null` for NaN and the infinities, which
/// JSON lacks.
void append_json_number(std::string& out, double value);

}  // namespace hp
