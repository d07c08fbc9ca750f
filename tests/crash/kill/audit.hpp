// The oracle's own comparison: its promises against the four databases, in plain SQL. hp-audit, which checks
// the databases against each other, runs too.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "crash/kill/oracle.hpp"
#include "crypto/secp.hpp"

namespace hp::crash {

struct AuditFiles {
    std::string outbox, mint, proxy_wallet, oracle_wallet, mint_events;
};
struct AuditKeys {
    crypto::PublicKey33 proxy{}, oracle{};
};
enum class AuditKind {
    settled,  ///< nothing is in progress, but the proxy's wallet may lack quotes that it was not notified of
    whole,    ///< both wallets have looked for their quotes
};

/// What does not hold, one per line.
std::vector<std::string> audit(const AuditFiles& files, const AuditKeys& keys, const Oracle& oracle,
                               AuditKind kind);

/// I17 in the wallet of a dead program, before its next start: the counters of every output, requested or
/// not, are used up on disk. At rest that proves nothing, as the answer's commit raises them too. Reads a
/// copy in `scratch`: the rollback is left to the program's next start.
std::vector<std::string> audit_dead_wallet(const std::string& file, const std::string& scratch);

/// If outbox and proxy's wallet have nothing in progress, how far everything has come; else nothing.
std::optional<std::string> rest_of(const AuditFiles& files);

}  // namespace hp::crash
