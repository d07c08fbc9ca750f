// The outbox's file: its schema, and operations on the whole file.
#include "pool/outbox_file.hpp"

#include "crypto/random.hpp"

namespace hp::pool {
namespace {

constexpr std::int32_t kApplicationId = 0x48504f58;  // "HPOX"

// outbox.seq is row_seq(mint, count). The unique key of a share begins with the header's ntime, so that keys
// of the same time are neighbours; the same share has the same header, so it is as unique as the hash alone.
// 12 bytes of the hash (header byte order: the end without the leading zeros) distinguish the shares of a
// second as well as 32 do, with a collision chance of 2^-96 for any two, and in half the pages.
constexpr const char* kSchema[] = {
    R"sql(
CREATE TABLE store(id BLOB NOT NULL) STRICT;
CREATE TABLE mint(
  id INTEGER PRIMARY KEY CHECK(id BETWEEN 0 AND 32767), name TEXT NOT NULL UNIQUE, store BLOB, generation INTEGER,
  CHECK((store IS NULL) = (generation IS NULL))
) STRICT;
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY,
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  header BLOB NOT NULL CHECK(length(header) = 80),
  target BLOB NOT NULL CHECK(length(target) = 32),
  amount INTEGER NOT NULL CHECK(amount > 0),
  locking_key BLOB NOT NULL CHECK(length(locking_key) = 33),
  worker TEXT NOT NULL,
  accepted_ms INTEGER NOT NULL,
  state INTEGER NOT NULL DEFAULT 0 CHECK(state IN (0, 2, 3)),
  quote_id TEXT,
  acked_ms INTEGER,
  dead_reason TEXT,
  CHECK((state = 2) = (quote_id IS NOT NULL)),
  CHECK((state = 3) = (dead_reason IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX outbox_share ON outbox(ntime, substr(share_hash, 1, 12));
CREATE UNIQUE INDEX outbox_quote ON outbox(quote_id) WHERE quote_id IS NOT NULL;
CREATE INDEX outbox_pending ON outbox(seq) WHERE state = 0;
CREATE INDEX outbox_dead ON outbox(seq) WHERE state = 3;
CREATE TABLE journal(id INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, seq INTEGER, what TEXT NOT NULL, detail TEXT NOT NULL) STRICT;
)sql",
    // Rows are written once: later data has its own tables, since a row that grows makes SQLite move the
    // others on its page. The view `outbox` joins them. share_key has a mint's rows up to `keyed`
    // (store::LateMap) and some after; none up to `settled` is pending.
    R"sql(
CREATE TABLE share(
  seq INTEGER PRIMARY KEY,
  ntime INTEGER NOT NULL,
  share_hash BLOB NOT NULL CHECK(length(share_hash) = 32),
  header BLOB NOT NULL CHECK(length(header) = 80),
  target BLOB NOT NULL CHECK(length(target) = 32),
  amount INTEGER NOT NULL CHECK(amount > 0),
  locking_key BLOB NOT NULL CHECK(length(locking_key) = 33),
  worker TEXT NOT NULL,
  accepted_ms INTEGER NOT NULL
) STRICT;
INSERT INTO share SELECT seq, ntime, share_hash, header, target, amount, locking_key, worker, accepted_ms FROM outbox;
CREATE TABLE answer(seq INTEGER PRIMARY KEY, quote_id TEXT NOT NULL, acked_ms INTEGER NOT NULL) STRICT;
INSERT INTO answer SELECT seq, quote_id, acked_ms FROM outbox WHERE state = 2;
CREATE UNIQUE INDEX answer_quote ON answer(quote_id);
CREATE TABLE dead(seq INTEGER PRIMARY KEY, reason TEXT NOT NULL) STRICT;
INSERT INTO dead SELECT seq, dead_reason FROM outbox WHERE state = 3;
CREATE TABLE share_key(
  ntime INTEGER NOT NULL, hash BLOB NOT NULL CHECK(length(hash) = 12), seq INTEGER NOT NULL, PRIMARY KEY(ntime, hash)
) STRICT, WITHOUT ROWID;
INSERT INTO share_key SELECT ntime, substr(share_hash, 1, 12), seq FROM outbox ORDER BY 1, 2;
ALTER TABLE mint ADD COLUMN keyed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mint ADD COLUMN settled INTEGER NOT NULL DEFAULT 0;
UPDATE mint SET
  keyed = coalesce((SELECT max(seq) FROM outbox WHERE seq >> 48 = id), id << 48),
  settled = coalesce((SELECT min(seq) - 1 FROM outbox WHERE state = 0 AND seq >> 48 = id),
    (SELECT max(seq) FROM outbox WHERE seq >> 48 = id), id << 48);
DROP TABLE outbox;
CREATE VIEW outbox AS SELECT
  share.seq, ntime, share_hash, header, target, amount, locking_key, worker, accepted_ms,
  CASE WHEN answer.seq IS NOT NULL THEN 2 WHEN dead.seq IS NOT NULL THEN 3 ELSE 0 END AS state,
  quote_id, acked_ms, CASE WHEN answer.seq IS NULL THEN reason END AS dead_reason
  FROM share LEFT JOIN answer ON answer.seq = share.seq LEFT JOIN dead ON dead.seq = share.seq;
)sql",
    // How far a mint's ledger had come, as reported by the mint. Sums are high * 2^32 + low units.
    R"sql(
ALTER TABLE mint ADD COLUMN quotes INTEGER;
ALTER TABLE mint ADD COLUMN operations INTEGER;
ALTER TABLE mint ADD COLUMN issued_high INTEGER;
ALTER TABLE mint ADD COLUMN issued_low INTEGER;
ALTER TABLE mint ADD COLUMN spent_high INTEGER;
ALTER TABLE mint ADD COLUMN spent_low INTEGER;
)sql",
    // Counts of a mint's rows. `asked`: rows up to it were sent (NULL: a session was up, any row may have
    // been sent). `again`: rows up to it had been sent when the mint came back with an old database.
    R"sql(
ALTER TABLE mint ADD COLUMN asked INTEGER;
ALTER TABLE mint ADD COLUMN again INTEGER NOT NULL DEFAULT 0;
)sql",
    // What a share's coinbase was, so that anybody can see whom it would have paid: the job's parts once
    // (`digest` finds them), and each share's whole extranonce between prefix and suffix. Rows of earlier
    // schemas have neither. `archived`: rows up to this count are in archive files, except dead ones; how
    // many, and their amount as high * 2^32 + low units.
    R"sql(
CREATE TABLE job(
  id INTEGER PRIMARY KEY,
  digest BLOB NOT NULL CHECK(length(digest) = 32),
  first_ms INTEGER NOT NULL,
  version INTEGER NOT NULL,
  coinbase_prefix BLOB NOT NULL,
  coinbase_suffix BLOB NOT NULL,
  merkle_path BLOB NOT NULL CHECK(length(merkle_path) % 32 = 0)
) STRICT;
CREATE INDEX job_digest ON job(digest);
ALTER TABLE share ADD COLUMN job INTEGER;
ALTER TABLE share ADD COLUMN extranonce BLOB;
ALTER TABLE mint ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mint ADD COLUMN archived_rows INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mint ADD COLUMN archived_high INTEGER NOT NULL DEFAULT 0;
ALTER TABLE mint ADD COLUMN archived_low INTEGER NOT NULL DEFAULT 0;
DROP VIEW outbox;
CREATE VIEW outbox AS SELECT
  share.seq, ntime, share_hash, header, target, amount, locking_key, worker, accepted_ms,
  CASE WHEN answer.seq IS NOT NULL THEN 2 WHEN dead.seq IS NOT NULL THEN 3 ELSE 0 END AS state,
  quote_id, acked_ms, CASE WHEN answer.seq IS NULL THEN reason END AS dead_reason, job, extranonce
  FROM share LEFT JOIN answer ON answer.seq = share.seq LEFT JOIN dead ON dead.seq = share.seq;
)sql"};

}  // namespace

void write_journal(store::Database& db, std::optional<std::uint64_t> seq, std::string_view what,
                   const std::string& detail, UnixMs now) {
    db.prepare("INSERT INTO journal(at_ms, seq, what, detail) VALUES(?,?,?,?)")
        .bind(now, seq, what, detail)
        .run();
}

Result<store::Database> open_outbox_file(const std::string& path, store::Mode mode) {
    return store::Database::open(path, mode, store::Journal::wal, kApplicationId, kSchema);
}

Result<store::Reading> open_outbox_reading(const std::string& path) {
    return store::Reading::open(path, kApplicationId, std::size(kSchema));
}

void adopt_outbox(store::Database& db, UnixMs now) {
    store::Transaction transaction{db};
    if (db.prepare("SELECT 1 FROM mint WHERE archived > 0").step())
        throw store::DbError(0, "rows are archived: bring them back first, with hp-pool archive --restore");
    db.prepare("UPDATE store SET id = ?").bind(crypto::random_array<32>()).run();
    write_journal(db, std::nullopt, "adopted", "restored from a backup", now);
    transaction.commit();
}

}  // namespace hp::pool
