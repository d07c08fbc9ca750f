// Numbers that JSON allows and simdjson's elements cannot hold: integers of 2^64 and more, and ids that are
// to be echoed as they were written.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace hp::sv1 {

/// The line with each number beyond a double's or an integer's range brought into a double's; nothing where
/// there is none. Anything that is not a JSON number stays as it is.
std::optional<std::string> with_numbers_in_range(std::string_view line);

/// The number that is the value of the top-level member "id", as written; empty where it is no number.
/// REQUIRES: the line is a JSON object
std::string_view raw_number_id(std::string_view line);

}  // namespace hp::sv1
