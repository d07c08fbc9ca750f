// Texts generated from the declarations: example files and the man page of the keys.
#pragma once
#include <map>
#include <string>

#include "config/declared.hpp"

namespace hp::config {

/// A value to write, with a comment that explains the choice (may be empty).
struct Chosen {
    Setting value;
    std::string remark{};
};

/// A whole commented file: every key with its meaning, what is allowed and its default; chosen values are
/// set, all others are commented out. `programs`: those of the machine, if it does not have all; keys that
/// none of them uses are left out.
std::string example_file(const FileDeclaration& file, const std::map<std::string, Chosen>& chosen = {},
                         const std::vector<std::string>& programs = {});

/// What is known about a key, as named values in reading order: "key", "file", "meaning", "allowed",
/// "default", ...
std::vector<std::pair<std::string, std::string>> facts_of(const Key& key);

/// hp-config(5) in scdoc's language.
std::string man_page_of_keys();

}  // namespace hp::config
