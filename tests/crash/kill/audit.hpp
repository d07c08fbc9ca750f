// The oracle's own comparison: what it was promised against the four databases, in plain SQL. hp-audit, which
// checks the databases among themselves, runs beside it.
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
    settled,  ///< nothing is under way, but the proxy's wallet may not know of quotes that nobody told it
    whole,    ///< both wallets have looked for their quotes
};

/// What does not hold, a line each.
std::vector<std::string> audit(const AuditFiles& files, const AuditKeys& keys, const Oracle& oracle,
                               AuditKind kind);

/// I17 in the wallet of a program that is dead, before its next start: the counters of every output, asked
/// for or not, are used up on disk. At rest that shows nothing, as the answer's commit raises them too. Reads
/// a copy in `scratch`: what the dead left to roll back is for its own next start.
std::vector<std::string> audit_dead_wallet(const std::string& file, const std::string& scratch);

/// Whether outbox and proxy's wallet have nothing under way: then how far all has got, else nothing.
std::optional<std::string> rest_of(const AuditFiles& files);

}  // namespace hp::crash
