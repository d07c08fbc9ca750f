// From options and configuration to databases and addresses. For a missing one, a text says why.
#pragma once
#include <string>

#include "store/sqlite.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {

/// One of the three databases, open for reading, or why not.
struct Opened {
    std::optional<store::Database> db;
    std::string path;  ///< empty: not given
    std::string why;   ///< without db: the reason
};

enum class Part { outbox, mint, wallet };
const char* name_of(Part part);

/// Opens it read-only. A file named by an option must open; one named by the configuration may be missing, as
/// may its configuration file: a machine has only the files of its own side.
Result<Opened> open_part(const Places& places, Part part);

/// Its path, from option or configuration; an error if neither is given.
Result<std::string> path_of(const Places& places, Part part);

/// The pool's file of refused shares; empty if it keeps none.
Result<std::string> refused_path(const Places& places);

/// The option, else the configuration's, else the default.
Result<std::string> mint_url_of(const std::string& option, const std::string& config_dir);

}  // namespace hp::hp_quote
