// From options and configuration to databases.
#pragma once
#include "audit/audit.hpp"

namespace hp::hp_audit {

struct Options {
    std::vector<std::string> pools, mints, wallets;
    std::string config_dir, valuation;
    std::size_t limit{5};
    bool deep{false};
};

/// What an option names must be there. What the configuration names may be missing, as may its files: a
/// machine has the databases of its own side only. The report says so.
Result<audit::Places> find_places(const Options& options);

}  // namespace hp::hp_audit
