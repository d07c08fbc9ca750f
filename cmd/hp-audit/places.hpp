// From options and configuration to databases.
#pragma once
#include "audit/audit.hpp"
#include "cli/options.hpp"

namespace hp::hp_audit {

struct Options {
    std::vector<std::string> pools, mints, wallets, marks;
    std::string config_dir, valuation;
    std::string mint_key;  ///< x-only, 64 hex digits: signs acceptances
    bool is_backup{false};
    std::size_t limit{5};
    bool deep{false};
    bool json{false};
};

/// --pool, --mint, --mark, --wallet, --config-dir, --valuation and --mint-key.
void add_place_options(cli::Options& add, Options& options);
/// HP_CONFIG_DIR, or the usual directory, if no database is named: a forgotten variable must not add
/// databases to the named ones.
Result<> use_usual_dir(Options& options);
/// Keys that may have signed acceptances, x-only: from --mint-key, or from the configuration (the mint's own,
/// or those that the pool allows).
Result<std::vector<Bytes32>> mint_keys(const Options& options);

/// What an option names must exist. What the configuration names may be missing, as may its files: a machine
/// has only the databases of its own side. The report says so.
Result<audit::Places> find_places(const Options& options);

}  // namespace hp::hp_audit
