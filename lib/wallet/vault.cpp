#include "wallet/vault.hpp"

#include "log/log.hpp"

namespace hp::wallet {
namespace {

constexpr std::int32_t kApplicationId = 0x48505741;  // "HPWA"

// The states are words, to be readable in sqlite3(1). output's primary key keeps a counter from being used
// twice, whatever else goes wrong.
constexpr const char* kSchema[] = {R"sql(
CREATE TABLE meta(unit TEXT NOT NULL, mint_url TEXT NOT NULL, seed_mark BLOB NOT NULL) STRICT;
CREATE TABLE keyset(id BLOB PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE counter(keyset BLOB PRIMARY KEY, next INTEGER NOT NULL CHECK(next >= 0)) STRICT, WITHOUT ROWID;
CREATE TABLE op(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  kind TEXT NOT NULL CHECK(kind IN ('mint', 'send', 'receive', 'consolidate')),
  state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'done', 'refused')),
  path TEXT NOT NULL DEFAULT '', body TEXT NOT NULL DEFAULT '', memo TEXT NOT NULL, reason TEXT NOT NULL DEFAULT '',
  made_ms INTEGER NOT NULL, ended_ms INTEGER
) STRICT;
CREATE INDEX op_open ON op(id) WHERE state = 'open';
CREATE TABLE output(
  keyset BLOB NOT NULL, counter INTEGER NOT NULL, amount INTEGER NOT NULL CHECK(amount > 0),
  B_ BLOB NOT NULL CHECK(length(B_) = 33), is_for_token INTEGER NOT NULL,
  op INTEGER NOT NULL REFERENCES op(id), position INTEGER NOT NULL,
  PRIMARY KEY(keyset, counter)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX output_op ON output(op, position);
CREATE TABLE token(
  id INTEGER PRIMARY KEY AUTOINCREMENT, amount INTEGER NOT NULL, text TEXT NOT NULL, made_ms INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'closed')), op INTEGER UNIQUE REFERENCES op(id)
) STRICT;
CREATE TABLE proof(
  y BLOB PRIMARY KEY CHECK(length(y) = 33), keyset BLOB NOT NULL, amount INTEGER NOT NULL CHECK(amount > 0),
  secret TEXT NOT NULL, c BLOB NOT NULL, e BLOB, s BLOB, r BLOB,
  state TEXT NOT NULL CHECK(state IN ('unspent', 'reserved', 'spending', 'spent')),
  token INTEGER REFERENCES token(id), op INTEGER REFERENCES op(id)
) STRICT, WITHOUT ROWID;
CREATE INDEX proof_state ON proof(state, amount);
CREATE INDEX proof_token ON proof(token) WHERE token IS NOT NULL;
CREATE INDEX proof_op ON proof(op) WHERE op IS NOT NULL;
CREATE TABLE quote(
  id TEXT PRIMARY KEY, amount INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'open' CHECK(state IN ('open', 'minting', 'done', 'parked')),
  reason TEXT NOT NULL DEFAULT '', is_alone INTEGER NOT NULL DEFAULT 0, tries INTEGER NOT NULL DEFAULT 0,
  op INTEGER REFERENCES op(id), added_ms INTEGER NOT NULL, done_ms INTEGER
) STRICT;
CREATE INDEX quote_open ON quote(is_alone DESC, added_ms) WHERE state = 'open';
CREATE INDEX quote_op ON quote(op) WHERE op IS NOT NULL;
CREATE INDEX quote_added ON quote(added_ms);
)sql",
                                   R"sql(
CREATE TABLE free_counter(keyset BLOB NOT NULL, counter INTEGER NOT NULL, PRIMARY KEY(keyset, counter))
  STRICT, WITHOUT ROWID;
CREATE TABLE asked(op INTEGER NOT NULL REFERENCES op(id), quote TEXT NOT NULL, PRIMARY KEY(op, quote))
  STRICT, WITHOUT ROWID;
CREATE INDEX asked_quote ON asked(quote);
CREATE TABLE look(op INTEGER PRIMARY KEY REFERENCES op(id), looks INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL)
  STRICT;
CREATE INDEX look_due ON look(due_ms);
INSERT INTO look(op, due_ms) SELECT id, 0 FROM op WHERE state = 'refused';
)sql",
                                   // locking_key: the key that a quote is locked to, if not the seed's.
                                   R"sql(
ALTER TABLE meta ADD COLUMN token_url TEXT NOT NULL DEFAULT '';
ALTER TABLE quote ADD COLUMN locking_key BLOB CHECK(locking_key IS NULL OR length(locking_key) = 33);
DROP INDEX quote_open;
CREATE INDEX quote_open ON quote(locking_key, is_alone DESC, added_ms) WHERE state = 'open';
)sql",
                                   R"sql(
CREATE TABLE former_url(url TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
)sql"};

constexpr const char* kKindNames[] = {"mint", "send", "receive", "consolidate"};
constexpr const char* kOpStateNames[] = {"open", "done", "refused"};

template <class Enum, std::size_t N>
Enum from_name(const char* const (&names)[N], const std::string& name) {
    for (std::size_t i = 0; i < N; ++i)
        if (name == names[i]) return static_cast<Enum>(i);
    throw store::DbError(0, "unexpected word '" + name + "'");
}

/// Version 00 ids derive by BIP 32 (31 bits); for others the limit is the database's integers.
std::uint64_t counter_limit(const cashu::KeysetId& keyset) {
    return keyset.version() == 0 ? std::uint64_t{1} << 31 : static_cast<std::uint64_t>(INT64_MAX);
}

}  // namespace

cashu::KeysetId read_keyset_id(const store::Statement& row, int column) {
    auto id = cashu::KeysetId::from_bytes(row.blob(column));
    if (!id) throw store::DbError(0, "a row has a bad keyset id");
    return *id;
}

Result<Vault> Vault::open(const std::string& path, const Identity& identity) {
    HP_TRY(auto db, store::Database::open(path, store::Mode::create, store::Journal::rollback, kApplicationId,
                                          kSchema));
    Vault vault{std::move(db), identity.locking_key};
    HP_DO(vault.transact([&] { return vault.check_identity(identity); }));
    return vault;
}

Result<> Vault::check_identity(const Identity& identity) {
    auto row = db_.prepare("SELECT unit, seed_mark FROM meta");
    if (!row.step()) {
        db_.prepare("INSERT INTO meta(unit, mint_url, seed_mark) VALUES(?,?,?)")
            .bind(identity.unit, identity.mint_url, identity.seed_mark)
            .run();
        return {};
    }
    if (row.text(0) != identity.unit)
        return fail(Errc::usage,
                    "wallet database '" + printable(db_.path(), 4096) + "' is of unit '" +
                        printable(row.text(0), 32) + "', not '" + printable(identity.unit, 32) + "'",
                    "a wallet has one unit; use another database");
    if (row.blob(1) != Bytes(identity.seed_mark.begin(), identity.seed_mark.end()))
        return fail(Errc::usage,
                    "wallet database '" + printable(db_.path(), 4096) + "' was created with another seed",
                    "use the seed file that belongs to it, or another database");
    return {};
}

Error Vault::dead_error() const {
    return {Errc::io,
            "wallet database '" + printable(db_.path(), 4096) + "': an fsync failed; no more writes",
            "check the disk, then restart the program; it recovers what is on disk"};
}

Error Vault::broken(const store::DbError& error) {
    // The kernel may have dropped the pages, so that a second fsync would succeed without them.
    if (error.is_fsync_failure() && !std::exchange(is_dead_, true)) {
        log::error("{}", dead_error().what);
        if (on_dead) on_dead(dead_error());
    }
    return {Errc::io, "wallet database '" + printable(db_.path(), 4096) + "': " + error.what(), {}};
}

std::string Vault::mint_url() {
    auto row = db_.prepare("SELECT mint_url FROM meta");
    return row.step() ? row.text(0) : std::string();
}

void Vault::set_mint_url(const std::string& url) {
    db_.prepare("UPDATE meta SET mint_url = ?").bind(url).run();
}

std::vector<std::string> Vault::former_urls() {
    std::vector<std::string> out;
    auto row = db_.prepare("SELECT url FROM former_url");
    while (row.step()) out.push_back(row.text(0));
    return out;
}

void Vault::add_former_url(const std::string& url) {
    db_.prepare("INSERT OR IGNORE INTO former_url(url) VALUES(?)").bind(url).run();
}

void Vault::forget_former_urls() { db_.prepare("DELETE FROM former_url").run(); }

std::string Vault::token_url() {
    auto row = db_.prepare("SELECT token_url FROM meta");
    return row.step() ? row.text(0) : std::string();
}

void Vault::set_token_url(const std::string& url) {
    db_.prepare("UPDATE meta SET token_url = ?1 WHERE token_url <> ?1").bind(url).run();
}

std::vector<cashu::Keyset> Vault::keysets() {
    std::vector<cashu::Keyset> out;
    auto row = db_.prepare("SELECT text FROM keyset");
    while (row.step()) {
        auto parsed = cashu::keysets_with_keys_from_json(row.text(0));
        if (!parsed) throw store::DbError(0, "a keyset does not parse: " + parsed.error().what);
        out.insert(out.end(), parsed->begin(), parsed->end());
    }
    return out;
}

void Vault::put_keyset(const cashu::Keyset& keyset) {
    const cashu::Keyset* one[] = {&keyset};
    db_.prepare(
           "INSERT INTO keyset(id, text) VALUES(?,?) ON CONFLICT(id) DO UPDATE SET text = excluded.text "
           "WHERE text <> excluded.text")
        .bind(keyset.id.bytes(), cashu::keys_json(one))
        .run();
}

std::vector<cashu::KeysetId> Vault::keysets_in_use() {
    std::vector<cashu::KeysetId> out;
    auto row = db_.prepare(
        "SELECT DISTINCT keyset FROM proof WHERE state <> 'spent' UNION "
        "SELECT DISTINCT keyset FROM output JOIN op ON op.id = output.op WHERE op.state = 'open'");
    while (row.step()) out.push_back(read_keyset_id(row, 0));
    return out;
}

std::uint64_t Vault::next_counter(const cashu::KeysetId& keyset) {
    auto row = db_.prepare("SELECT next FROM counter WHERE keyset = ?");
    return row.bind(keyset.bytes()).step() ? static_cast<std::uint64_t>(row.integer(0)) : 0;
}

Result<std::vector<std::uint64_t>> Vault::take_counters(const cashu::KeysetId& keyset, std::size_t count) {
    std::vector<std::uint64_t> out;
    auto given_back =
        db_.prepare("SELECT counter FROM free_counter WHERE keyset = ? ORDER BY counter LIMIT ?");
    given_back.bind(keyset.bytes(), static_cast<std::int64_t>(std::min<std::size_t>(count, 1u << 30)));
    while (given_back.step()) out.push_back(static_cast<std::uint64_t>(given_back.integer(0)));
    for (std::uint64_t counter : out) counter_is_taken(keyset, counter);
    const std::uint64_t first = next_counter(keyset), fresh = count - out.size();
    if (fresh > counter_limit(keyset) - std::min(first, counter_limit(keyset)))
        return fail(Errc::refused,
                    "the counters of keyset '" + keyset.hex() + "' are used up at " + std::to_string(first),
                    "the mint must rotate to another keyset");
    for (std::uint64_t i = 0; i < fresh; ++i) out.push_back(first + i);
    if (fresh > 0) raise_counter(keyset, first + fresh);
    return out;
}

void Vault::give_back_outputs(std::int64_t op) {
    db_.prepare(
           "INSERT OR IGNORE INTO free_counter(keyset, counter) SELECT keyset, counter FROM output "
           "WHERE op = ?")
        .bind(op)
        .run();
    db_.prepare("DELETE FROM output WHERE op = ?").bind(op).run();
}

void Vault::counter_is_taken(const cashu::KeysetId& keyset, std::uint64_t counter) {
    db_.prepare("DELETE FROM free_counter WHERE keyset = ? AND counter = ?")
        .bind(keyset.bytes(), counter)
        .run();
}

void Vault::raise_counter(const cashu::KeysetId& keyset, std::uint64_t next) {
    db_.prepare(
           "INSERT INTO counter(keyset, next) VALUES(?,?) ON CONFLICT(keyset) DO UPDATE "
           "SET next = max(next, excluded.next)")
        .bind(keyset.bytes(), next)
        .run();
}

std::int64_t Vault::insert_op(OpKind kind, const std::string& memo, UnixMs now) {
    db_.prepare("INSERT INTO op(kind, memo, made_ms) VALUES(?,?,?)")
        .bind(kKindNames[static_cast<std::size_t>(kind)], memo, now)
        .run();
    return db_.last_insert_id();
}

void Vault::set_request(std::int64_t op, const std::string& path, const std::string& body) {
    db_.prepare("UPDATE op SET path = ?2, body = ?3 WHERE id = ?1").bind(op, path, body).run();
}

std::optional<OpRow> Vault::op(std::int64_t id) {
    auto row = db_.prepare("SELECT kind, state, path, body, memo, reason FROM op WHERE id = ?");
    if (!row.bind(id).step()) return std::nullopt;
    return OpRow{id,
                 from_name<OpKind>(kKindNames, row.text(0)),
                 from_name<OpState>(kOpStateNames, row.text(1)),
                 row.text(2),
                 row.text(3),
                 row.text(4),
                 row.text(5)};
}

std::vector<std::int64_t> Vault::open_ops() {
    std::vector<std::int64_t> out;
    auto row = db_.prepare("SELECT id FROM op WHERE state = 'open' ORDER BY id");
    while (row.step()) out.push_back(row.integer(0));
    return out;
}

void Vault::look_again(std::int64_t op, UnixMs when) {
    db_.prepare("INSERT OR IGNORE INTO look(op, due_ms) VALUES(?,?)").bind(op, when).run();
}

std::vector<Vault::Look> Vault::due_looks(UnixMs now, std::size_t limit) {
    std::vector<Look> out;
    auto row = db_.prepare("SELECT op, looks FROM look WHERE due_ms <= ? ORDER BY due_ms LIMIT ?");
    row.bind(now, static_cast<std::int64_t>(limit));
    while (row.step()) out.push_back({row.integer(0), static_cast<unsigned>(row.integer(1))});
    return out;
}

void Vault::note_look(std::int64_t op, std::optional<UnixMs> again) {
    if (again)
        db_.prepare("UPDATE look SET looks = looks + 1, due_ms = ?2 WHERE op = ?1").bind(op, *again).run();
    else
        db_.prepare("DELETE FROM look WHERE op = ?").bind(op).run();
}

void Vault::end_op(std::int64_t id, OpState state, const std::string& reason, UnixMs now) {
    db_.prepare("UPDATE op SET state = ?2, reason = ?3, ended_ms = ?4, body = '' WHERE id = ?1")
        .bind(id, kOpStateNames[static_cast<std::size_t>(state)], reason, now)
        .run();
}

void Vault::insert_outputs(std::int64_t op, std::span<const Output> outputs) {
    auto insert = db_.prepare(
        "INSERT INTO output(keyset, counter, amount, B_, is_for_token, op, position) "
        "VALUES(?,?,?,?,?,?,?)");
    for (std::size_t i = 0; i < outputs.size(); ++i)
        insert
            .bind(outputs[i].keyset.bytes(), outputs[i].counter, outputs[i].amount, outputs[i].B_,
                  outputs[i].is_for_token, op, static_cast<std::int64_t>(i))
            .run();
}

std::vector<Output> Vault::outputs_of(std::int64_t op) {
    std::vector<Output> out;
    auto row = db_.prepare(
        "SELECT keyset, counter, amount, B_, is_for_token FROM output WHERE op = ? "
        "ORDER BY position");
    row.bind(op);
    while (row.step())
        out.push_back({read_keyset_id(row, 0), static_cast<std::uint64_t>(row.integer(1)),
                       static_cast<std::uint64_t>(row.integer(2)), row.array<33>(3), row.integer(4) != 0});
    return out;
}

bool Vault::is_awaited(const cashu::KeysetId& keyset, std::uint64_t counter, std::int64_t own_op) {
    auto row = db_.prepare(
        "SELECT 1 FROM output JOIN op ON op.id = output.op WHERE output.keyset = ? AND "
        "output.counter = ? AND op.state = 'open' AND op.id <> ?");
    return row.bind(keyset.bytes(), counter, own_op).step();
}

}  // namespace hp::wallet
