#include "crash/kill/audit.hpp"

#include <filesystem>
#include <fstream>

#include "crash/kill/sql.hpp"

namespace hp::crash {
namespace {

struct Check {
    const char* what;
    const char* sql;  ///< rows that must not exist
};

// said: the oracle's shares. o: the outbox. q: the quotes. proofs: of both wallets.
constexpr const char* kViews = R"sql(
CREATE TEMP TABLE said(hash BLOB PRIMARY KEY, verdict BLOB, owner BLOB, quote BLOB);
CREATE TEMP TABLE o AS SELECT seq & 0xffffffffffff AS n, share_hash AS hash, amount, substr(locking_key, 2) AS owner, state,
  quote_id FROM outbox.outbox;
CREATE INDEX temp.o_hash ON o(hash);
CREATE TEMP TABLE q AS SELECT id, lower(substr(hex(id), 1, 8) || '-' || substr(hex(id), 9, 4) || '-' ||
  substr(hex(id), 13, 4) || '-' || substr(hex(id), 17, 4) || '-' || substr(hex(id), 21)) AS text, share_hash AS hash, seq,
  amount, paid, issued, substr(pubkey, 2) AS owner, pool_store FROM mint.quote;
CREATE INDEX temp.q_hash ON q(hash);
CREATE TEMP TABLE proofs AS SELECT y, amount, state, 'proxy' AS whose FROM proxy.proof UNION ALL
  SELECT y, amount, state, 'oracle' FROM oracle.proof;
)sql";

constexpr Check kChecks[] = {
    {"a promised share has no outbox row, or several",
     "SELECT hash FROM said WHERE verdict = x'01' AND (SELECT count(*) FROM o WHERE o.hash = said.hash) <> "
     "1"},
    {"an unanswered share is in the outbox more than once",
     "SELECT hash FROM said WHERE verdict = x'00' AND (SELECT count(*) FROM o WHERE o.hash = said.hash) > 1"},
    {"a refused share is in the outbox",
     "SELECT hash FROM said WHERE verdict = x'02' AND EXISTS(SELECT 1 FROM o WHERE o.hash = said.hash)"},
    {"the outbox has a share that nobody sent",
     "SELECT hash FROM o WHERE hash NOT IN (SELECT hash FROM said)"},
    {"an outbox row is locked to another key than its channel's",
     "SELECT o.hash FROM o JOIN said ON said.hash = o.hash WHERE o.owner <> said.owner"},
    {"the outbox's numbers have a hole",
     "SELECT count(*), max(n) FROM o HAVING count(*) > 0 AND count(*) <> max(n)"},
    {"an outbox row is not acked", "SELECT n, state FROM o WHERE state <> 2"},
    {"an acked row has no quote, or several, or another id",
     "SELECT n, quote_id FROM o WHERE state = 2 AND (SELECT count(*) FROM q WHERE q.hash = o.hash) <> 1 "
     "OR NOT EXISTS(SELECT 1 FROM q WHERE q.hash = o.hash AND q.text = o.quote_id)"},
    {"row and quote differ in amount, key, number or store",
     "SELECT o.n, o.amount, q.amount, q.seq FROM o JOIN q ON q.hash = o.hash WHERE o.amount <> q.amount OR "
     "o.owner <> q.owner OR o.n <> q.seq OR q.pool_store <> (SELECT id FROM outbox.store)"},
    {"a quote has no outbox row", "SELECT text FROM q WHERE hash NOT IN (SELECT hash FROM o)"},
    {"a quote that was notified is not the share's",
     "SELECT CAST(said.quote AS TEXT) FROM said WHERE length(said.quote) > 0 AND NOT EXISTS(SELECT 1 FROM q "
     "WHERE "
     "q.hash = said.hash AND q.text = CAST(said.quote AS TEXT))"},
    {"a quote is not paid in full, or issued above that",
     "SELECT text, amount, paid, issued FROM q WHERE paid <> amount OR issued > paid"},
    {"issued is not what the operations of the quote say",
     "SELECT text, issued FROM q WHERE issued <> (SELECT coalesce(sum(amount), 0) FROM mint.op_quote WHERE "
     "quote = q.id)"},
    {"a mint operation signed another sum than its quotes issued",
     "SELECT id FROM mint.op WHERE kind = 1 AND (SELECT coalesce(sum(amount), 0) FROM mint.sig WHERE op = "
     "op.id) <> "
     "(SELECT coalesce(sum(amount), 0) FROM mint.op_quote WHERE op = op.id)"},
    {"a swap's inputs less its fee are not its outputs",
     "SELECT id, fee FROM mint.op WHERE kind = 2 AND (SELECT coalesce(sum(amount), 0) FROM mint.spent WHERE "
     "op = op.id) - fee "
     "<> (SELECT coalesce(sum(amount), 0) FROM mint.sig WHERE op = op.id)"},
    {"the mint signed an output that no wallet has written down",
     "SELECT B_ FROM mint.sig WHERE B_ NOT IN (SELECT B_ FROM proxy.output UNION ALL SELECT B_ FROM "
     "oracle.output)"},
    {"a wallet's operation is done without all its signatures",
     "SELECT B_ FROM proxy.output JOIN proxy.op ON op.id = output.op WHERE op.state = 'done' AND B_ NOT IN "
     "(SELECT B_ FROM "
     "mint.sig) UNION ALL SELECT B_ FROM oracle.output JOIN oracle.op ON op.id = output.op WHERE op.state = "
     "'done' AND B_ "
     "NOT IN (SELECT B_ FROM mint.sig)"},
    {"a wallet counts spent ehash as its own",
     "SELECT whose, amount FROM proofs WHERE state = 'unspent' AND y IN (SELECT Y FROM mint.spent)"},
    {"ehash in circulation is not what the wallets hold (issued - spent, held)",
     "SELECT a, b FROM (SELECT (SELECT coalesce(sum(amount), 0) FROM mint.sig) - (SELECT "
     "coalesce(sum(amount), 0) FROM "
     "mint.spent) AS a, (SELECT coalesce(sum(amount), 0) FROM proofs WHERE y NOT IN (SELECT Y FROM "
     "mint.spent) AND state <> "
     "'spent') AS b) WHERE a <> b"},
    {"a wallet has an open operation",
     "SELECT 'proxy', id FROM proxy.op WHERE state = 'open' UNION ALL SELECT 'oracle', id FROM oracle.op "
     "WHERE state = "
     "'open'"},
    {"a wallet's operation was refused",
     "SELECT 'proxy', id, reason FROM proxy.op WHERE state = 'refused' AND reason NOT LIKE '%keyset%' UNION "
     "ALL "
     "SELECT 'oracle', id, reason FROM oracle.op WHERE state = 'refused' AND reason NOT LIKE '%keyset%'"},
    {"a wallet parked a quote",
     "SELECT 'proxy', id, reason FROM proxy.quote WHERE state = 'parked' UNION ALL "
     "SELECT 'oracle', id, reason FROM oracle.quote WHERE state = 'parked'"},
    {"a wallet's quote is done and not issued",
     "SELECT w.id FROM (SELECT id, state FROM proxy.quote UNION ALL SELECT id, state FROM oracle.quote) AS w "
     "LEFT JOIN q ON "
     "q.text = w.id WHERE w.state = 'done' AND (q.id IS NULL OR q.issued <> q.amount)"},
    {"the oracle's wallet lacks a quote of its key",
     "SELECT text FROM q WHERE owner = (SELECT hash FROM keys WHERE name = x'01') AND issued <> paid"},
};
constexpr Check kWholeChecks[] = {
    {"the proxy's wallet lacks a quote of its key",
     "SELECT text FROM q WHERE owner = (SELECT hash FROM keys WHERE name = x'00') AND issued <> paid"},
};

/// A request for signed outputs, or issued quotes, means that a wallet forgot what it had requested.
void check_events(const std::string& path, std::vector<std::string>& found) {
    std::ifstream file{path};
    std::string line;
    while (std::getline(file, line))
        if (line.find("\"request_refused\"") != std::string::npos &&
            line.find("\"code\":12") == std::string::npos)
            found.push_back("the mint refused a request: " + line);
}

ByteView view_of(const std::uint8_t& byte) { return {&byte, 1}; }

}  // namespace

std::vector<std::string> audit(const AuditFiles& files, const AuditKeys& keys, const Oracle& oracle,
                               AuditKind kind) {
    std::vector<std::string> found;
    try {
        Sql sql;
        sql.attach(files.outbox, "outbox");
        sql.attach(files.mint, "mint");
        sql.attach(files.proxy_wallet, "proxy");
        sql.attach(files.oracle_wallet, "oracle");
        sql.exec("BEGIN");
        sql.exec(kViews);
        sql.exec("CREATE TEMP TABLE keys(name BLOB, hash BLOB)");
        const std::uint8_t numbers[] = {0, 1, 2};
        const ByteView proxy_key = ByteView{keys.proxy}.subspan(1),
                       oracle_key = ByteView{keys.oracle}.subspan(1);
        sql.insert("INSERT INTO keys VALUES(?,?)", {view_of(numbers[0]), proxy_key});
        sql.insert("INSERT INTO keys VALUES(?,?)", {view_of(numbers[1]), oracle_key});
        for (const auto& [hash, share] : oracle.shares())
            sql.insert("INSERT INTO said VALUES(?,?,?,?)",
                       {hash, view_of(numbers[static_cast<std::size_t>(share.verdict)]),
                        share.path == Path::sv1 ? proxy_key : oracle_key, as_bytes(share.quote_id)});
        auto run = [&](const Check& check) {
            auto rows = sql.rows(std::string(check.sql) + " LIMIT 3");
            for (const auto& row : rows) found.push_back(std::string(check.what) + ": " + row);
        };
        for (const Check& check : kChecks) run(check);
        if (kind == AuditKind::whole)
            for (const Check& check : kWholeChecks) run(check);
        sql.exec("COMMIT");
    } catch (const SqlError& error) {
        found.push_back(std::string("the audit itself: ") + error.what());
    }
    check_events(files.mint_events, found);
    return found;
}

std::vector<std::string> audit_dead_wallet(const std::string& file, const std::string& scratch) {
    namespace fs = std::filesystem;
    if (!fs::exists(file)) return {};
    const std::string copy = scratch + "/dead.db";
    fs::remove(copy + "-journal");
    fs::copy_file(file, copy, fs::copy_options::overwrite_existing);
    if (fs::exists(file + "-journal")) fs::copy_file(file + "-journal", copy + "-journal");
    std::vector<std::string> found;
    try {
        Sql sql;
        sql.attach(copy, "dead", true);
        for (const auto& row : sql.rows("SELECT o.keyset, o.counter, c.next FROM dead.output o LEFT JOIN "
                                        "dead.counter c USING(keyset) "
                                        "WHERE c.next IS NULL OR c.next <= o.counter LIMIT 3"))
            found.push_back("a dead wallet's output has a counter that is not used up: " + row);
    } catch (const SqlError& error) {
        found.push_back(std::string("a dead wallet's file: ") + error.what());
    }
    return found;
}

std::optional<std::string> rest_of(const AuditFiles& files) {
    Sql sql;
    sql.attach(files.outbox, "outbox");
    if (sql.number("SELECT count(*) FROM outbox.outbox WHERE state = 0") != 0) return std::nullopt;
    sql.attach(files.proxy_wallet, "proxy");
    sql.attach(files.mint, "mint");
    sql.attach(files.oracle_wallet, "oracle");
    auto row = sql.rows(
        "SELECT (SELECT count(*) FROM proxy.quote WHERE state IN ('open', 'minting')) + "
        "(SELECT count(*) FROM proxy.op WHERE state = 'open') + (SELECT count(*) FROM oracle.op WHERE state "
        "= 'open'), (SELECT count(*) FROM mint.op), (SELECT "
        "count(*) FROM "
        "mint.quote), (SELECT count(*) FROM outbox.outbox), (SELECT count(*) FROM proxy.op)");
    if (row.front().starts_with("0 ")) return row.front();
    return std::nullopt;
}

}  // namespace hp::crash
