#include "pool/archive.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "crypto/random.hpp"
#include "pool/archive_file.hpp"
#include "pool/outbox.hpp"
#include "pool/outbox_file.hpp"
#include "pool/whole_file.hpp"
#include "store/reading.hpp"
#include "store/request_file.hpp"

namespace hp::pool {
namespace {

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

/// Beside FILE: no other process makes the same.
std::string making_name(const std::string& file) {
    return file + ".new-" + to_hex(crypto::random_array<8>());
}

void remove_making(const std::string& making) {
    ::unlink(making.c_str());
    ::unlink((making + "-journal").c_str());
}

Result<> sync_file(const std::string& file) {
    const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return archive_error(file, std::strerror(errno));
    const bool is_synced = ::fsync(fd) == 0;
    const int number = errno;
    ::close(fd);
    return is_synced ? Result<>{} : archive_error(file, std::strerror(number));
}

/// Gives a whole file its name, unless something has it.
Result<> publish(const std::string& making, const std::string& file) {
    HP_DO(sync_file(making));
    if (::link(making.c_str(), file.c_str()) != 0)
        return archive_error(file, errno == EEXIST ? "exists already" : std::strerror(errno));
    return sync_folder_of(file);
}

/// The file has the rows that its parts say, neither fewer nor others.
Result<> expect_whole(store::Database& archive, const std::string& file,
                      const std::vector<ArchivePart>& parts) {
    auto row = archive.prepare("SELECT amount FROM share WHERE seq BETWEEN ? AND ?");
    std::uint64_t of_parts = 0;
    for (const ArchivePart& part : parts) {
        std::uint64_t rows = 0;
        Sum sum;
        row.bind(row_seq(part.mint, part.first), row_seq(part.mint, part.until));
        for (; row.step(); ++rows) sum.add(whole(row, 0));
        if (rows != part.rows || sum.high != part.amount_high || sum.low != part.amount_low)
            return archive_error(file, "expected " + std::to_string(part.rows) + " rows of mint " +
                                           std::to_string(part.mint) + ", got " + std::to_string(rows) +
                                           " or other amounts");
        of_parts += rows;
    }
    auto all = archive.prepare("SELECT count(*) FROM share");
    HP_ASSERT(all.step());
    if (whole(all, 0) != of_parts)
        return archive_error(
            file, "expected " + std::to_string(of_parts) + " rows, got " + std::to_string(whole(all, 0)));
    return {};
}

using JobIds = std::map<std::int64_t, std::int64_t>;  // the archive's to ours

JobIds put_jobs_back(store::Database& outbox, store::Database& archive) {
    JobIds out;
    auto job = archive.prepare(std::string("SELECT ") + kJobColumns + " FROM job ORDER BY id");
    auto put = outbox.prepare(
        "INSERT INTO job(digest, first_ms, version, coinbase_prefix, coinbase_suffix, merkle_path) "
        "VALUES(?,?,?,?,?,?)");
    while (job.step()) {
        put.run_with(job.view(1), job.integer(2), job.integer(3), job.view(4), job.view(5), job.view(6));
        out[job.integer(0)] = outbox.last_insert_id();
    }
    return out;
}

/// Rows that never left stay as they are: the outbox's answer is the later one.
Result<> put_part_back(store::Database& outbox, store::Database& archive, const std::string& file,
                       const ArchivePart& part, const JobIds& jobs) {
    auto mint =
        outbox.prepare("SELECT archived, archived_rows, archived_high, archived_low FROM mint WHERE id = ?");
    if (!mint.bind(std::uint32_t{part.mint}).step())
        return archive_error(file, "the outbox has no mint " + std::to_string(part.mint));
    if (whole(mint, 0) > part.until || whole(mint, 0) + 1 < part.first)
        return fail(Errc::refused,
                    "archive '" + file + "' has rows " + std::to_string(part.first) + " to " +
                        std::to_string(part.until) + " of mint " + std::to_string(part.mint) +
                        ", the outbox's archives end at row " + std::to_string(whole(mint, 0)),
                    "restore the newest archive first, each once");
    auto row = archive.prepare(std::string("SELECT ") + kArchivedColumns +
                               " FROM share WHERE seq BETWEEN ? AND ? ORDER BY seq");
    auto present = outbox.prepare("SELECT share_hash FROM share WHERE seq = ?");
    auto put_row = outbox.prepare("INSERT INTO share VALUES(?,?,?,?,?,?,?,?,?,?,?)");
    auto put_answer = outbox.prepare("INSERT INTO answer VALUES(?,?,?)");
    auto put_key = outbox.prepare("INSERT INTO share_key VALUES(?,?,?)");
    std::uint64_t rows = whole(mint, 1);
    Sum sum{whole(mint, 2), whole(mint, 3)};
    row.bind(row_seq(part.mint, part.first), row_seq(part.mint, part.until));
    while (row.step()) {
        if (present.bind(row.integer(0)).step()) {
            if (!std::ranges::equal(present.view(0), row.view(2)))
                return archive_error(file, "its row " + std::to_string(row.integer(0)) +
                                               " is another share than the outbox's");
            continue;
        }
        const auto its_job = row.is_null(9) ? jobs.end() : jobs.find(row.integer(9));
        const auto job = its_job == jobs.end() ? std::nullopt : std::optional{its_job->second};
        const auto extranonce = row.is_null(10) ? std::nullopt : std::optional{row.view(10)};
        put_row.run_with(row.integer(0), row.integer(1), row.view(2), row.view(3), row.view(4),
                         row.integer(5), row.view(6), row.text(7), row.integer(8), job, extranonce);
        put_answer.run_with(row.integer(0), row.text(11), row.integer(12));
        put_key.run_with(row.integer(1), row.view(2).first(12), row.integer(0));
        --rows;
        sum.subtract(whole(row, 5));
    }
    outbox
        .prepare(
            "UPDATE mint SET archived = ?, archived_rows = ?, archived_high = ?, archived_low = ? WHERE id = "
            "?")
        .bind(part.first - 1, rows, sum.high, sum.low, std::uint32_t{part.mint})
        .run();
    return {};
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
        auto parts = parts_of(archive);
        if (parts.empty()) return archive_error(file, "it has no rows of any mint");
        return parts;
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

bool has_archive_request(const std::string& outbox_path) {
    return ::access(archive_request_path(outbox_path).c_str(), F_OK) == 0;
}

Result<store::FileLock> lock_archiving(const std::string& outbox_path) {
    return store::FileLock::take(outbox_path + ".archiving", "archiving of outbox '" + outbox_path + "'");
}

Result<> remove_archive_request(const std::string& outbox_path) {
    return store::remove_request(archive_request_path(outbox_path));
}

Result<std::vector<ArchivePart>> write_archive(const std::string& outbox_path, const std::string& file,
                                               UnixMs before_ms, const std::string& by, UnixMs now) {
    if (::access(file.c_str(), F_OK) == 0) return archive_error(file, "exists already");
    HP_TRY(auto reading, open_outbox_reading(outbox_path));
    const std::string making = making_name(file);
    try {
        auto& outbox = reading.db();
        auto parts = parts_to_archive(outbox, before_ms);
        if (parts.empty()) return parts;
        auto filled = fill_archive(outbox, making, std::move(parts), by, now);
        const auto named = filled ? publish(making, file) : fail(filled.error());
        remove_making(making);
        HP_DO(named);
        HP_TRY(auto archive, open_archive(file, store::Mode::read_only));
        if (parts_of(archive) != *filled) return archive_error(file, "is not what was written");
        HP_DO(expect_whole(archive, file, *filled));
        return filled;
    } catch (const store::DbError& error) {
        remove_making(making);
        return fail(Errc::io, "archiving outbox '" + outbox_path + "' to '" + file + "': " + error.what());
    }
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
        HP_DO(expect_whole(archive, file, parts));
        const auto jobs = put_jobs_back(outbox, archive);
        for (const ArchivePart& part : parts) HP_DO(put_part_back(outbox, archive, file, part, jobs));
        write_journal(outbox, std::nullopt, kUnarchived, by + ": " + file, now);
        transaction.commit();
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "restoring archive '" + file + "': " + error.what());
    }
}

}  // namespace hp::pool
