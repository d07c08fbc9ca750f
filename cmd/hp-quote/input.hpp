// stdin and stdout for the verbs.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hp::hp_quote {

inline bool is_stdin(std::string_view text) { return text.empty() || text == "-"; }

/// The text itself, or all of stdin if it says so; refuses more than `size_max` bytes.
Result<std::string> text_or_stdin(const std::string& text, std::size_t size_max);

/// Prints convert(text), or works as a filter: each line of stdin is converted and printed at once. Blank
/// lines are skipped. A bad line is reported on stderr with its number, and the filter continues; the final
/// result reports that there was one.
Result<> convert_each(const std::string& text,
                      const std::function<Result<std::string>(std::string_view)>& convert);

/// An error unless all of `asked` were right: "2 of 3 WHAT: " and each with its reason; only the first ones
/// if there are many.
Result<> all_were(const char* what, const std::vector<std::string>& wrong, std::size_t asked,
                  std::string hint);

}  // namespace hp::hp_quote
