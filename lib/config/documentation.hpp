// Texts made from the declarations: example files and the man page of the keys. No second copy of any key.
#pragma once
#include <map>
#include <string>

#include "config/declared.hpp"

namespace hp::config {

/// A value to write, with a remark that explains the choice (may be empty).
struct Chosen {
    Setting value;
    std::string remark{};
};

/// A whole commented file: every key with its meaning, what is allowed and its default; the chosen values are
/// set, all others stand as comments. `programs`: a machine's, when it does not have all; keys that none of
/// them uses are left out.
std::string example_file(const FileDeclaration& file, const std::map<std::string, Chosen>& chosen = {},
                         const std::vector<std::string>& programs = {});

/// What is known of a key, by name in the order of a reader: "key", "file", "meaning", "allowed", "default",
/// ...
std::vector<std::pair<std::string, std::string>> facts_of(const Key& key);

/// hp-config(5) in scdoc's language.
std::string man_page_of_keys();

}  // namespace hp::config
