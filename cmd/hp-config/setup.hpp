// A configuration directory, read like the tools would.
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "config/declared.hpp"

namespace hp::hp_config {

struct Finding {
    config::Problem problem;
    bool is_warning{false};
};

struct Setup {
    std::string dir;  ///< absolute
    config::Everything values;
    std::vector<config::Shown> shown;  ///< of the files read
    std::vector<Finding> findings;
    std::set<std::string> files;     ///< "pool.toml": the files that the chosen tools read
    std::vector<std::string> roles;  ///< of the machine; empty: all

    bool has(std::string_view file) const { return files.contains(std::string(file)); }
    /// Relative paths start at the directory.
    std::string resolve(const std::string& path) const;
    /// Adds a finding at the place where the key got its value.
    void add(std::string_view file, std::string_view key, std::string what, bool is_warning = false);
    bool is_wrong() const;
};

/// `tools`: "hp-pool", ...; empty: those of `roles`, and if these are empty, of the roles in the directory.
/// Variables come from the process, then from DIR/hashpool.env. Problems of single files are in `findings`
/// afterwards.
Result<std::unique_ptr<Setup>> read_setup(const std::string& dir, const std::vector<std::string>& tools,
                                          const std::vector<std::string>& roles = {});

/// The tools that have a configuration file, for `read_setup`.
const std::vector<std::string>& known_tools();

/// Reads secrets and looks for inconsistencies; skips keys that already have findings.
void check_across(Setup& setup);

}  // namespace hp::hp_config
