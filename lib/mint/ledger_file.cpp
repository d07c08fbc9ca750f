// The ledger's file: its schema, its start, and how far it has come.
#include "base/crash_point.hpp"
#include "crypto/random.hpp"
#include "mint/ledger.hpp"

namespace hp::mint {
namespace {

using cashu::KeysetId;

constexpr std::int32_t kApplicationId = 0x48504d54;  // "HPMT"

// quote: the primary key is time-ordered (UUID v7), and so is the unique key over the share, which begins
// with the header's ntime: the same share has the same header, so it is as unique as the hash alone and far
// cheaper.
// refusal: code 0 is not a refusal but a number that came out of order; it is deleted when its turn comes.
constexpr const char* kSchema[] = {
    R"sql(
CREATE TABLE store(id BLOB NOT NULL, generation INTEGER NOT NULL) STRICT;
CREATE TABLE keyset(
  id BLOB PRIMARY KEY, unit TEXT NOT NULL, derivation_index INTEGER NOT NULL, input_fee_ppk INTEGER NOT NULL,
  key_count INTEGER NOT NULL, active INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  UNIQUE(unit, derivation_index)
) STRICT;
CREATE TABLE quote(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  pool_store BLOB NOT NULL,
  seq INTEGER NOT NULL,
  unit TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount > 0),
  paid INTEGER NOT NULL CHECK(paid IN (0, amount)),
  issued INTEGER NOT NULL CHECK(issued BETWEEN 0 AND paid),
  pubkey BLOB NOT NULL CHECK(length(pubkey) = 33),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX quote_share ON quote(ntime, share_hash);
CREATE INDEX quote_key ON quote(substr(pubkey, 2), id);
CREATE INDEX quote_seq ON quote(pool_store, seq);
CREATE TABLE pool(pool_store BLOB PRIMARY KEY, last_seq INTEGER NOT NULL, served_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE refusal(
  pool_store BLOB NOT NULL, seq INTEGER NOT NULL, share_hash BLOB NOT NULL, code INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY(pool_store, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE op(
  id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, digest BLOB NOT NULL UNIQUE, fee INTEGER NOT NULL, at_ms INTEGER NOT NULL
) STRICT;
CREATE TABLE op_quote(
  op INTEGER NOT NULL REFERENCES op(id), quote BLOB NOT NULL REFERENCES quote(id), amount INTEGER NOT NULL CHECK(amount > 0),
  PRIMARY KEY(op, quote)
) STRICT, WITHOUT ROWID;
CREATE TABLE sig(
  B_ BLOB PRIMARY KEY CHECK(length(B_) = 33), keyset BLOB NOT NULL, amount INTEGER NOT NULL, C_ BLOB NOT NULL, e BLOB NOT NULL,
  s BLOB NOT NULL, op INTEGER NOT NULL REFERENCES op(id), position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX sig_op ON sig(op, position);
CREATE TABLE spent(
  Y BLOB PRIMARY KEY CHECK(length(Y) = 33), keyset BLOB NOT NULL, amount INTEGER NOT NULL, witness TEXT, op INTEGER NOT NULL REFERENCES op(id)
) STRICT, WITHOUT ROWID;
)sql",
    // Random keys are written late (store::LateMap): share_key has every quote up to the id shares_keyed and
    // some after it, owner has each owner's newest quote up to owners_keyed or a newer one. `before` is the
    // owner's previous quote. share_key has 12 bytes of the hash, like the pool's outbox.
    R"sql(
CREATE TABLE quote_v2(
  id BLOB PRIMARY KEY CHECK(length(id) = 16),
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  pool_store BLOB NOT NULL,
  seq INTEGER NOT NULL,
  unit TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK(amount > 0),
  paid INTEGER NOT NULL CHECK(paid = 0 OR paid = amount),
  issued INTEGER NOT NULL CHECK(issued BETWEEN 0 AND paid),
  pubkey BLOB NOT NULL CHECK(length(pubkey) = 33),
  created_ms INTEGER NOT NULL,
  updated_ms INTEGER NOT NULL,
  before BLOB CHECK(before < id)
) STRICT, WITHOUT ROWID;
INSERT INTO quote_v2 SELECT quote.*, lag(id) OVER (PARTITION BY substr(pubkey, 2) ORDER BY id) FROM quote ORDER BY id;
CREATE TABLE share_key(
  ntime INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 12), quote BLOB NOT NULL, PRIMARY KEY(ntime, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO share_key SELECT ntime, substr(share_hash, 1, 12), id FROM quote ORDER BY 1, 2;
CREATE TABLE owner(key BLOB PRIMARY KEY CHECK(length(key) = 32), newest BLOB NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO owner SELECT substr(pubkey, 2), max(id) FROM quote GROUP BY 1;
INSERT OR IGNORE INTO refusal SELECT pool.pool_store, seq, x'', 0, created_ms FROM pool JOIN quote
  ON quote.pool_store = pool.pool_store AND seq > last_seq;
ALTER TABLE store ADD COLUMN shares_keyed BLOB NOT NULL DEFAULT x'';
ALTER TABLE store ADD COLUMN owners_keyed BLOB NOT NULL DEFAULT x'';
UPDATE store SET shares_keyed = coalesce((SELECT max(id) FROM quote), x''), owners_keyed = coalesce((SELECT max(id) FROM quote), x'');
DROP TABLE quote;
ALTER TABLE quote_v2 RENAME TO quote;
)sql",
    // progress: how far the ledger has come, one row, updated in each transaction. held: quotes that were
    // answered before and lost with a database; `paid` is 0 until they are released. rollback: each time an
    // operator accepted an old copy, what it lacked of what was known (-1 in each: nothing was known). Sums
    // are high * 2^32 + low units.
    R"sql(
CREATE TABLE progress(
  quotes INTEGER NOT NULL, operations INTEGER NOT NULL, issued_high INTEGER NOT NULL, issued_low INTEGER NOT NULL,
  spent_high INTEGER NOT NULL, spent_low INTEGER NOT NULL
) STRICT;
INSERT INTO progress SELECT
  (SELECT count(*) FROM quote), (SELECT count(*) FROM op),
  (SELECT coalesce(sum(issued >> 32), 0) FROM quote), (SELECT coalesce(sum(issued & 4294967295), 0) FROM quote),
  (SELECT coalesce(sum(amount >> 32), 0) FROM spent), (SELECT coalesce(sum(amount & 4294967295), 0) FROM spent);
CREATE TABLE held(
  quote BLOB PRIMARY KEY CHECK(length(quote) = 16), at_ms INTEGER NOT NULL, released_ms INTEGER, released_by TEXT,
  CHECK((released_ms IS NULL) = (released_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX held_waiting ON held(quote) WHERE released_ms IS NULL;
CREATE TABLE rollback(
  id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, by TEXT NOT NULL, quotes INTEGER NOT NULL, operations INTEGER NOT NULL,
  issued_high INTEGER NOT NULL, issued_low INTEGER NOT NULL, spent_high INTEGER NOT NULL, spent_low INTEGER NOT NULL
) STRICT;
)sql"};

/// SQLite's page cache, KiB: outputs and proofs have random keys.
constexpr const char* kPageCache = "PRAGMA cache_size=-16384";

}  // namespace

Result<store::Database> Ledger::open(const std::string& path) {
    HP_TRY(auto db,
           store::Database::open(path, store::Mode::create, store::Journal::wal, kApplicationId, kSchema));
    db.exec(kPageCache);
    return db;
}

Result<LedgerState> Ledger::begin(store::Database& db) {
    try {
        LedgerState state;
        store::Transaction transaction{db};
        auto row = db.prepare("SELECT id, generation FROM store");
        if (row.step()) {
            state.store_id = row.array<32>(0);
            state.generation = static_cast<std::uint64_t>(row.integer(1)) + 1;
            row.reset();
            db.prepare("UPDATE store SET generation = ?").bind(state.generation).run();
        } else {
            state.store_id = crypto::random_array<32>();
            state.generation = 1;
            db.prepare("INSERT INTO store(id, generation) VALUES(?, 1)").bind(state.store_id).run();
        }
        auto keysets = db.prepare(
            "SELECT id, unit, derivation_index, input_fee_ppk, key_count, active FROM keyset ORDER BY "
            "derivation_index");
        while (keysets.step()) {
            HP_TRY(auto id, KeysetId::from_bytes(keysets.blob(0)));
            state.keysets.push_back({id, keysets.text(1), static_cast<std::uint32_t>(keysets.integer(2)),
                                     static_cast<std::uint64_t>(keysets.integer(3)),
                                     static_cast<unsigned>(keysets.integer(4)), keysets.integer(5) != 0});
        }
        keysets.reset();
        transaction.commit();
        HP_CRASH_POINT("W6");
        return state;
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + db.path() + "': " + e.what());
    }
}

Result<ehash::MintMark> Ledger::mark_in(store::Database& db) {
    try {
        ehash::MintMark mark;
        auto store = db.prepare("SELECT id, generation FROM store");
        if (!store.step()) return mark;
        mark.store = store.array<32>(0);
        mark.generation = static_cast<std::uint64_t>(store.integer(1));
        auto row = db.prepare(
            "SELECT quotes, operations, issued_high, issued_low, spent_high, spent_low FROM progress");
        if (!row.step()) throw store::DbError(0, "the table 'progress' is empty");
        auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
        auto sum = [&](int column) { return (ehash::Amount128{number(column)} << 32) + number(column + 1); };
        mark.quotes = number(0);
        mark.operations = number(1);
        mark.issued = sum(2);
        mark.spent = sum(4);
        return mark;
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + db.path() + "': " + e.what());
    }
}

Result<> Ledger::remember_rollback(store::Database& db, const std::optional<ehash::Setback>& lost,
                                   const std::string& by, UnixMs now) {
    try {
        store::Transaction transaction{db};
        db.prepare("DELETE FROM rollback WHERE at_ms = ?").bind(now).run();
        auto insert = db.prepare(
            "INSERT INTO rollback(at_ms, by, quotes, operations, issued_high, issued_low, spent_high, "
            "spent_low) VALUES(?,?,?,?,?,?,?,?)");
        constexpr std::int64_t kUnknown = -1;
        if (lost)
            insert.bind(now, by, lost->quotes, lost->operations, high_of(lost->issued), low_of(lost->issued),
                        high_of(lost->spent), low_of(lost->spent));
        else
            insert.bind(now, by, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown, kUnknown);
        insert.run();
        insert.reset();
        transaction.commit();
        return {};
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + db.path() + "': " + e.what());
    }
}

Result<std::vector<Rollback>> Ledger::rollbacks(store::Database& db) {
    try {
        std::vector<Rollback> out;
        auto row = db.prepare(
            "SELECT at_ms, by, quotes, operations, issued_high, issued_low, spent_high, spent_low FROM "
            "rollback "
            "ORDER BY id");
        auto number = [&](int column) { return static_cast<std::uint64_t>(row.integer(column)); };
        auto sum = [&](int column) { return (ehash::Amount128{number(column)} << 32) + number(column + 1); };
        while (row.step()) {
            auto& one = out.emplace_back(Rollback{.at_ms = row.integer(0), .by = row.text(1), .lost = {}});
            if (row.integer(2) < 0) continue;
            auto& lost = one.lost.emplace();
            lost.quotes = number(2);
            lost.operations = number(3);
            lost.issued = sum(4);
            lost.spent = sum(6);
        }
        return out;
    } catch (const store::DbError& e) {
        return fail(Errc::io, "mint database '" + db.path() + "': " + e.what());
    }
}

void Ledger::add_keyset(store::Database& db, const KeysetRow& row, UnixMs now) {
    db.prepare(
          "INSERT INTO keyset(id, unit, derivation_index, input_fee_ppk, key_count, active, created_ms) "
          "VALUES(?,?,?,?,?,?,?)")
        .bind(row.id.bytes(), row.unit, row.derivation_index, row.input_fee_ppk,
              static_cast<std::int64_t>(row.key_count), row.active, now)
        .run();
}

void Ledger::set_active(store::Database& db, const KeysetId& id, bool active) {
    db.prepare("UPDATE keyset SET active = ? WHERE id = ?").bind(active, id.bytes()).run();
}

}  // namespace hp::mint
