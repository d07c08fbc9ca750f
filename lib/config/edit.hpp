// Changes one key in the text of a hand-written TOML file: comments and everything else stay.
#pragma once
#include <string>
#include <vector>

#include "config/parse.hpp"

namespace hp::config {

/// `text` with the list `key` set to `values`: in place if it is on one line, else in place of its commented
/// example, else at the end. An error, with the place, if it is written on several lines or is not a list.
/// The result parses, and differs only in this key.
tl::expected<std::string, ParseFailure> with_list(const std::string& text, const std::string& key,
                                                  const std::vector<std::string>& values);

}  // namespace hp::config
