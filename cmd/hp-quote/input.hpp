// stdin and stdout as the verbs use them.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hp::hp_quote {

inline bool is_stdin(std::string_view text) { return text.empty() || text == "-"; }

/// The text itself, or all of stdin where it says so; more than `size_max` bytes are refused.
Result<std::string> text_or_stdin(const std::string& text, std::size_t size_max);

/// Prints convert(text), or works as a filter: each line of stdin is converted and printed at once. Blank
/// lines are skipped. A bad line is an error on stderr with its number, and the filter goes on; the result
/// says at the end that there was one.
Result<> convert_each(const std::string& text,
                      const std::function<Result<std::string>(std::string_view)>& convert);

/// Whether none of `asked` was wrong; else "2 of 3 WHAT: " and each with its reason, of many the first.
Result<> all_were(const char* what, const std::vector<std::string>& wrong, std::size_t asked,
                  std::string hint);

}  // namespace hp::hp_quote
