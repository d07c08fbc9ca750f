#include "pool/archive_file.hpp"

namespace hp::pool {
namespace {

constexpr std::int32_t kArchiveId = 0x48504f41;  // "HPOA"

/// Columns as in the outbox's last schema.
constexpr const char* kArchiveSchema[] = {
    R"sql(
CREATE TABLE source(store BLOB NOT NULL, made_ms INTEGER NOT NULL, by TEXT NOT NULL) STRICT;
CREATE TABLE part(
  mint INTEGER PRIMARY KEY, name TEXT NOT NULL, first INTEGER NOT NULL, until INTEGER NOT NULL, rows INTEGER NOT NULL,
  amount_high INTEGER NOT NULL, amount_low INTEGER NOT NULL
) STRICT;
CREATE TABLE job(
  id INTEGER PRIMARY KEY, digest BLOB NOT NULL, first_ms INTEGER NOT NULL, version INTEGER NOT NULL,
  coinbase_prefix BLOB NOT NULL, coinbase_suffix BLOB NOT NULL, merkle_path BLOB NOT NULL
) STRICT;
CREATE TABLE share(
  seq INTEGER PRIMARY KEY, ntime INTEGER NOT NULL, share_hash BLOB NOT NULL, header BLOB NOT NULL,
  target BLOB NOT NULL, amount INTEGER NOT NULL, locking_key BLOB NOT NULL, worker TEXT NOT NULL,
  accepted_ms INTEGER NOT NULL, job INTEGER, extranonce BLOB, quote_id TEXT NOT NULL, acked_ms INTEGER NOT NULL
) STRICT;
)sql"};

}  // namespace

tl::unexpected<Error> archive_error(const std::string& file, const std::string& what) {
    return fail(Errc::io, "archive '" + printable(file, 4096) + "': " + what);
}

Result<store::Database> open_archive(const std::string& file, store::Mode mode) {
    return store::Database::open(file, mode, store::Journal::rollback, kArchiveId, kArchiveSchema);
}

}  // namespace hp::pool
