// One TOML file as a flat list of its top-level keys. toml++ stays inside parse.cpp.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "config/rule.hpp"

namespace hp::config {

/// Both from 1; columns count code points.
struct Spot {
    int line{}, column{};
};

struct Entry {
    std::string name;
    int line{}, column{};          ///< of the name, from 1
    Spot begin{}, end{};           ///< of the value; `end` is past it
    std::optional<Setting> value;  ///< nothing if no key can have such a TOML value
    std::string kind;              ///< "text", "an integer", "a table"; for errors
};

struct ParseFailure {
    int line{}, column{};
    std::string what;
};

/// The entries in file order. Never throws; accepts any bytes.
tl::expected<std::vector<Entry>, ParseFailure> parse_toml(std::string_view text);

/// Likewise for a file with tables, which none of our files has: names are dotted, and an element of a list
/// of tables has its index in its name ("upstreams.0.port").
tl::expected<std::vector<Entry>, ParseFailure> parse_toml_with_tables(std::string_view text);

/// A regular file of 1 byte to kFileSizeMax. The error says what the path is instead ("is a directory").
/// Never blocks on a FIFO, never reads a device.
Result<std::string> read_config_file(const std::string& path);

}  // namespace hp::config
