// One key of a TOML file that people write, changed in its text: their comments and everything else stay.
#pragma once
#include <string>
#include <vector>

#include "config/parse.hpp"

namespace hp::config {

/// `text` with the list `key` as `values`: in its place where it stands on one line, in that of its commented
/// example, else at the end. An error, with the place, where it is written on several lines, or is no list.
/// What comes out parses, and differs in this key alone.
tl::expected<std::string, ParseFailure> with_list(const std::string& text, const std::string& key,
                                                  const std::vector<std::string>& values);

}  // namespace hp::config
