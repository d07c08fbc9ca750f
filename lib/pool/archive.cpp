#include "pool/archive.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include "pool/outbox.hpp"
#include "pool/outbox_file.hpp"
#include "pool/whole_file.hpp"
#include "store/reading.hpp"
#include "store/request_file.hpp"

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

constexpr const char* kArchivedColumns =
    "share.seq, ntime, share_hash, header, target, amount, locking_key, worker, accepted_ms, job, "
    "extranonce, "
    "quote_id, acked_ms";
constexpr const char* kJobColumns =
    "id, digest, first_ms, version, coinbase_prefix, coinbase_suffix, merkle_path";

std::uint64_t whole(const store::Statement& row, int column) {
    return static_cast<std::uint64_t>(row.integer(column));
}

/// Exact for any number of rows.
struct Sum {
    std::uint64_t high{0}, low{0};
    void add(std::uint64_t amount) {
        low += amount & 0xffff'ffff;
        high += (amount >> 32) + (low >> 32);
        low &= 0xffff'ffff;
    }
    void add(std::uint64_t more_high, std::uint64_t more_low) {
        add(more_low);
        high += more_high;
    }
    void subtract(std::uint64_t less_high, std::uint64_t less_low) {
        if (low < less_low) {
            low += std::uint64_t{1} << 32;
            --high;
        }
        low -= less_low;
        high -= less_high;
    }
};

tl::unexpected<Error> archive_error(const std::string& file, const std::string& what) {
    return fail(Errc::io, "archive '" + printable(file, 4096) + "': " + what);
}

Result<store::Database> open_archive(const std::string& file, store::Mode mode) {
    return store::Database::open(file, mode, store::Journal::rollback, kArchiveId, kArchiveSchema);
}

std::vector<ArchivePart> parts_of(store::Database& archive) {
    std::vector<ArchivePart> out;
    auto row =
        archive.prepare("SELECT mint, first, until, rows, amount_high, amount_low FROM part ORDER BY mint");
    while (row.step())
        out.push_back({static_cast<MintId>(row.integer(0)), whole(row, 1), whole(row, 2), whole(row, 3),
                       whole(row, 4), whole(row, 5)});
    return out;
}

/// The rows of each mint that may go: answered, older, and with their key in its table (store::LateMap).
std::vector<ArchivePart> parts_to_archive(store::Database& outbox, UnixMs before_ms) {
    std::vector<ArchivePart> out;
    auto mints = outbox.prepare("SELECT id, archived, settled, keyed FROM mint ORDER BY id");
    auto first_newer = outbox.prepare(
        "SELECT seq FROM share WHERE seq BETWEEN ? AND ? AND accepted_ms >= ? ORDER BY seq LIMIT 1");
    while (mints.step()) {
        const auto id = static_cast<MintId>(mints.integer(0));
        const std::uint64_t first = whole(mints, 1) + 1;
        std::uint64_t until = std::min(whole(mints, 2), whole(mints, 3));
        if (first_newer.bind(row_seq(id, first), until, before_ms).step()) until = whole(first_newer, 0) - 1;
        first_newer.reset();
        if (until >= row_seq(id, first)) out.push_back({id, first, count_of_row(until), 0, 0, 0});
    }
    return out;
}

void copy_part(store::Database& outbox, store::Database& archive, ArchivePart& part) {
    auto from = outbox.prepare(std::string("SELECT ") + kArchivedColumns +
                               " FROM share JOIN answer ON answer.seq = share.seq WHERE share.seq BETWEEN ? "
                               "AND ? ORDER BY share.seq");
    auto to = archive.prepare("INSERT INTO share VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)");
    Sum sum;
    from.bind(row_seq(part.mint, part.first), row_seq(part.mint, part.until));
    while (from.step()) {
        const auto job = from.is_null(9) ? std::nullopt : std::optional{from.integer(9)};
        const auto extranonce = from.is_null(10) ? std::nullopt : std::optional{from.view(10)};
        to.run_with(from.integer(0), from.integer(1), from.view(2), from.view(3), from.view(4),
                    from.integer(5), from.view(6), from.text(7), from.integer(8), job, extranonce,
                    from.text(11), from.integer(12));
        ++part.rows;
        sum.add(whole(from, 5));
    }
    part.amount_high = sum.high;
    part.amount_low = sum.low;
}

void copy_jobs(store::Database& outbox, store::Database& archive) {
    auto used = archive.prepare("SELECT DISTINCT job FROM share WHERE job IS NOT NULL");
    auto from = outbox.prepare(std::string("SELECT ") + kJobColumns + " FROM job WHERE id = ?");
    auto to = archive.prepare("INSERT INTO job VALUES(?,?,?,?,?,?,?)");
    while (used.step()) {
        from.bind(used.integer(0));
        if (from.step())
            to.run_with(from.integer(0), from.view(1), from.integer(2), from.integer(3), from.view(4),
                        from.view(5), from.view(6));
        from.reset();
    }
}

Result<std::vector<ArchivePart>> fill_archive(store::Database& outbox, const std::string& making,
                                              std::vector<ArchivePart> parts, const std::string& by,
                                              UnixMs now) {
    HP_TRY(auto archive, open_archive(making, store::Mode::create));
    store::Transaction transaction{archive};
    auto id = outbox.prepare("SELECT id FROM store");
    HP_ASSERT(id.step());
    archive.prepare("INSERT INTO source VALUES(?,?,?)").bind(id.array<32>(0), now, by).run();
    auto name = outbox.prepare("SELECT name FROM mint WHERE id = ?");
    auto insert = archive.prepare("INSERT INTO part VALUES(?,?,?,?,?,?,?)");
    for (ArchivePart& part : parts) {
        copy_part(outbox, archive, part);
        HP_ASSERT(name.bind(std::uint32_t{part.mint}).step());
        insert
            .bind(std::uint32_t{part.mint}, name.text(0), part.first, part.until, part.rows, part.amount_high,
                  part.amount_low)
            .run();
        name.reset();
    }
    copy_jobs(outbox, archive);
    transaction.commit();
    return parts;
}

std::string archive_request_path(const std::string& outbox_path) { return outbox_path + ".archive"; }

/// Deletes one slice of a mint's rows. False: none was left.
bool drop_rows(store::Database& outbox, const ArchivePart& part, std::size_t limit) {
    auto mint =
        outbox.prepare("SELECT archived, archived_rows, archived_high, archived_low FROM mint WHERE id = ?");
    if (!mint.bind(std::uint32_t{part.mint}).step()) throw store::DbError(0, "the archive has another mint");
    const std::uint64_t before = whole(mint, 0);
    std::uint64_t rows = whole(mint, 1);
    Sum sum{whole(mint, 2), whole(mint, 3)};
    mint.reset();
    if (before >= part.until) return false;
    if (before + 1 < part.first) throw store::DbError(0, "the archive does not follow the one before it");
    const std::uint64_t end = std::min<std::uint64_t>(before + limit, part.until);
    const std::uint64_t first_row = row_seq(part.mint, before + 1), last_row = row_seq(part.mint, end);
    auto gone = outbox.prepare(
        "SELECT share.seq, ntime, share_hash, amount FROM share JOIN answer ON answer.seq = share.seq WHERE "
        "share.seq BETWEEN ? AND ?");
    auto drop_key = outbox.prepare("DELETE FROM share_key WHERE ntime = ? AND hash = ? AND seq = ?");
    gone.bind(first_row, last_row);
    while (gone.step()) {
        ++rows;
        sum.add(whole(gone, 3));
        drop_key.run_with(gone.integer(1), gone.view(2).first(12), gone.integer(0));
    }
    gone.reset();
    constexpr const char* kDrops[] = {
        "DELETE FROM dead WHERE seq BETWEEN ?1 AND ?2 AND seq IN (SELECT seq FROM answer)",
        "DELETE FROM share WHERE seq BETWEEN ?1 AND ?2 AND seq IN (SELECT seq FROM answer)",
        "DELETE FROM answer WHERE seq BETWEEN ?1 AND ?2"};
    for (const char* drop : kDrops) outbox.prepare(drop).bind(first_row, last_row).run();
    outbox
        .prepare(
            "UPDATE mint SET archived = ?, archived_rows = ?, archived_high = ?, archived_low = ? WHERE "
            "id = ?")
        .bind(end, rows, sum.high, sum.low, std::uint32_t{part.mint})
        .run();
    return true;
}

/// Deletes jobs that no row refers to: a row refers to a job that was new within half a day before it.
bool drop_jobs(store::Database& outbox, std::size_t limit, UnixMs now) {
    constexpr UnixMs kDayMs = 24 * 3600 * 1000;
    auto oldest = outbox.prepare(
        "SELECT min(accepted_ms) FROM mint CROSS JOIN share ON share.seq = (SELECT seq FROM share WHERE seq "
        "> (id "
        "<< 48 | archived) AND seq <= (id << 48 | 0xffffffffffff) ORDER BY seq LIMIT 1)");
    UnixMs before = now - kDayMs;
    if (oldest.step() && !oldest.is_null(0)) before = std::min(before, oldest.integer(0) - kDayMs);
    oldest.reset();
    return outbox
               .prepare(
                   "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE first_ms < ? AND id NOT IN (SELECT "
                   "job FROM dead JOIN share ON share.seq = dead.seq WHERE job IS NOT NULL) ORDER BY id "
                   "LIMIT "
                   "?)")
               .bind(before, static_cast<std::int64_t>(limit))
               .run() > 0;
}

}  // namespace

Result<> leave_archive_request(const std::string& outbox_path, const std::string& by,
                               const std::string& file) {
    return store::leave_request(archive_request_path(outbox_path), "by " + by + "\nfile " + file + "\n",
                                "hp-pool");
}

Result<std::vector<ArchivePart>> read_archive(const std::string& file, const Bytes32& outbox_store) {
    HP_TRY(auto archive, open_archive(file, store::Mode::read_only));
    try {
        auto source = archive.prepare("SELECT store FROM source");
        if (!source.step() || source.array<32>(0) != outbox_store)
            return archive_error(file, "it is of another outbox");
        return parts_of(archive);
    } catch (const store::DbError& error) {
        return archive_error(file, error.what());
    }
}

Result<std::optional<ArchiveRequest>> find_archive_request(const std::string& outbox_path,
                                                           const Bytes32& outbox_store) {
    const std::string path = archive_request_path(outbox_path);
    HP_TRY(const auto text, store::find_request(path));
    if (!text) return std::nullopt;
    ArchiveRequest out;
    const auto first_end = text->find('\n');
    const std::string second = first_end == text->npos ? "" : text->substr(first_end + 1);
    if (!text->starts_with("by ") || !second.starts_with("file ") || !second.ends_with('\n'))
        return fail(Errc::invalid, "'" + path + "': expected 'by NAME' and 'file PATH'");
    out.by = text->substr(3, first_end - 3);
    out.file = second.substr(5, second.size() - 6);
    HP_TRY(out.parts, read_archive(out.file, outbox_store));
    return std::optional{std::move(out)};
}

Result<> remove_archive_request(const std::string& outbox_path) {
    return store::remove_request(archive_request_path(outbox_path));
}

Result<std::vector<ArchivePart>> write_archive(const std::string& outbox_path, const std::string& file,
                                               UnixMs before_ms, const std::string& by, UnixMs now) {
    if (::access(file.c_str(), F_OK) == 0) return archive_error(file, "exists already");
    HP_TRY(auto reading, open_outbox_reading(outbox_path));
    const std::string making = file + ".new";
    try {
        auto& outbox = reading.db();
        auto parts = parts_to_archive(outbox, before_ms);
        if (parts.empty()) return parts;
        ::unlink(making.c_str());
        HP_TRY(parts, fill_archive(outbox, making, std::move(parts), by, now));
        if (::rename(making.c_str(), file.c_str()) != 0) return archive_error(file, std::strerror(errno));
        HP_DO(sync_folder_of(file));
        return parts;
    } catch (const store::DbError& error) {
        ::unlink(making.c_str());
        return fail(Errc::io, "outbox '" + outbox_path + "': " + error.what());
    }
}

bool drop_archived(store::Database& outbox, const std::vector<ArchivePart>& parts, std::size_t limit,
                   UnixMs now) {
    for (const ArchivePart& part : parts)
        if (drop_rows(outbox, part, limit)) return true;
    return drop_jobs(outbox, limit, now);
}

Result<> restore_archive(store::Database& outbox, const std::string& file, const std::string& by,
                         UnixMs now) {
    HP_TRY(auto archive, open_archive(file, store::Mode::read_only));
    try {
        store::Transaction transaction{outbox};
        auto id = outbox.prepare("SELECT id FROM store");
        HP_ASSERT(id.step());
        HP_TRY(const auto parts, read_archive(file, id.array<32>(0)));
        id.reset();
        std::map<std::int64_t, std::int64_t> jobs;  // the archive's ids to ours
        auto job = archive.prepare(std::string("SELECT ") + kJobColumns + " FROM job ORDER BY id");
        auto put_job = outbox.prepare(
            "INSERT INTO job(digest, first_ms, version, coinbase_prefix, coinbase_suffix, merkle_path) "
            "VALUES(?,?,?,?,?,?)");
        while (job.step()) {
            put_job.run_with(job.view(1), job.integer(2), job.integer(3), job.view(4), job.view(5),
                             job.view(6));
            jobs[job.integer(0)] = outbox.last_insert_id();
        }
        auto row = archive.prepare(std::string("SELECT ") + kArchivedColumns + " FROM share ORDER BY seq");
        auto put_row = outbox.prepare("INSERT INTO share VALUES(?,?,?,?,?,?,?,?,?,?,?)");
        auto put_answer = outbox.prepare("INSERT INTO answer VALUES(?,?,?)");
        auto put_key = outbox.prepare("INSERT INTO share_key VALUES(?,?,?)");
        while (row.step()) {
            const auto its_job = row.is_null(9) ? std::nullopt : std::optional{jobs.at(row.integer(9))};
            const auto extranonce = row.is_null(10) ? std::nullopt : std::optional{row.view(10)};
            put_row.run_with(row.integer(0), row.integer(1), row.view(2), row.view(3), row.view(4),
                             row.integer(5), row.view(6), row.text(7), row.integer(8), its_job, extranonce);
            put_answer.run_with(row.integer(0), row.text(11), row.integer(12));
            put_key.run_with(row.integer(1), row.view(2).first(12), row.integer(0));
        }
        auto mint = outbox.prepare(
            "SELECT archived, archived_rows, archived_high, archived_low FROM mint WHERE id = ?");
        auto back = outbox.prepare(
            "UPDATE mint SET archived = ?, archived_rows = ?, archived_high = ?, archived_low = ? WHERE id = "
            "?");
        for (const ArchivePart& part : parts) {
            if (!mint.bind(std::uint32_t{part.mint}).step() || whole(mint, 0) != part.until)
                return fail(Errc::refused,
                            "archive '" + file + "' ends at row " + std::to_string(part.until) +
                                " of its mint, the outbox's archives at row " +
                                std::to_string(mint.is_null(0) ? 0 : whole(mint, 0)),
                            "restore the newest archive first");
            Sum sum{whole(mint, 2), whole(mint, 3)};
            sum.subtract(part.amount_high, part.amount_low);
            back.bind(part.first - 1, whole(mint, 1) - part.rows, sum.high, sum.low, std::uint32_t{part.mint})
                .run();
            mint.reset();
        }
        write_journal(outbox, std::nullopt, kUnarchived, by + ": " + file, now);
        transaction.commit();
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "outbox: " + std::string(error.what()));
    }
}

}  // namespace hp::pool
