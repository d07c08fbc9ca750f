// The whole audit: opens in causal order, checks each file by itself and then across.
#pragma once
#include <optional>

#include "audit/report.hpp"
#include "audit/worth.hpp"

namespace hp::audit {

/// Where the databases are; at least one.
struct Places {
    std::vector<std::string> pools, mints, wallets;
    /// Reasons for missing kinds, for the report.
    std::string no_pool{"no outbox is given"}, no_mint{"no mint is given"}, no_wallet{"no wallet is given"};
    std::optional<Worth> worth;
    std::string no_mark{"no mark file is given"};
    std::vector<std::string> marks;       ///< mark files of the mints
    std::vector<Acceptance> acceptances;  ///< with verified signatures
    std::vector<std::string> unverified;  ///< ignored acceptances, and why
    /// The files are copies made at different times (pool and mint, in any order).
    bool is_backup{false};
    bool deep{false};
    std::size_t limit{5};  ///< texts of breaches for each invariant
};

/// An error only if a file cannot be read at all.
Result<Report> audit(const Places& places);

}  // namespace hp::audit
