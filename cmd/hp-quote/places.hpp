// From options and configuration to databases and addresses. For a missing one, a text says why.
#pragma once
#include <string>

#include "store/sqlite.hpp"
#include "verbs.hpp"

namespace hp::hp_quote {

/// Where the databases are: named files, and a configuration directory for the others.
struct Places {
    std::string config_dir;
    std::string outbox, mint_db, wallet_db;
    std::string refused;  ///< the pool's file of refused shares
};

void add_config_dir(cli::Options& add, std::string& config_dir, const std::string& help);
void add_outbox(cli::Options& add, Places& places, const std::string& help = "the pool's outbox");
void add_mint_db(cli::Options& add, Places& places, const std::string& help = "the mint's ledger");
/// --limit, of rows that are listed.
void add_limit(cli::Options& add, std::int64_t& limit, const std::string& help);

/// The usual directory stands for --config-dir where nothing else says where things are.
Result<> use_usual_dir(Places& places);

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

/// The option, else that of the configuration (HP_CONFIG_DIR and the usual directory too), else the default.
Result<std::string> mint_url_of(const std::string& option, const std::string& config_dir);

}  // namespace hp::hp_quote
