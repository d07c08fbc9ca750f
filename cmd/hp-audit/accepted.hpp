// An operator's acceptances: rows beside a mint's ledger, FILE.accepted, each signed by the mint's link key,
// so that nobody else can turn a red report green.
#pragma once
#include "audit/audit.hpp"
#include "crypto/secp.hpp"
#include "places.hpp"

namespace hp::hp_audit {

std::string accepted_path(const std::string& mint_database);

/// Sorts the rows of all mints in `places`: those signed by a key of the mint, for this very database, into
/// `acceptances`; others with the reason into `unverified`.
Result<> read_accepted(const Options& options, audit::Places& places);

struct NewAcceptance {
    std::string invariant, reason, user;
    audit::Wide amount{0};
};
/// Appends a row, synced, with the sums of the report. Returns the row's text.
Result<std::string> append_accepted(const std::string& mint_database, const NewAcceptance& what,
                                    const audit::Report& report, const crypto::SecretKey& key);

}  // namespace hp::hp_audit
