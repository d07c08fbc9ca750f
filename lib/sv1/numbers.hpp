// Numbers that JSON allows but simdjson's elements cannot hold: integers of 2^64 and more, and ids to be
// echoed as written.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace hp::sv1 {

/// The line with each number beyond a double's or an integer's range replaced by a double; nothing if there
/// is none. Anything that is not a JSON number is unchanged.
std::optional<std::string> with_numbers_in_range(std::string_view line);

/// The number that is the value of the top-level member "id", as written; empty if it is not a number.
/// REQUIRES: the line is a JSON object
std::string_view raw_number_id(std::string_view line);

}  // namespace hp::sv1
