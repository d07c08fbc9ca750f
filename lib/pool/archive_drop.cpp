// What is in an archive leaves the outbox, a slice at a time.
#include <algorithm>

#include "pool/archive.hpp"
#include "pool/archive_file.hpp"

namespace hp::pool {
namespace {

constexpr int kArchivedColumnCount = 13, kJobColumnCount = 7;
constexpr int kJobColumn = 9;

/// Each column's size and bytes; a size that none has for NULL.
RowImage image_of(const store::Statement& row, int columns) {
    RowImage out;
    for (int column = 0; column < columns; ++column) {
        const bool is_null = row.is_null(column);
        const ByteView value = is_null ? ByteView{} : row.view(column);
        ByteArray<4> size;
        put_le(size.data(), is_null ? UINT32_MAX : static_cast<std::uint32_t>(value.size()));
        append(out, size);
        append(out, value);
    }
    return out;
}

std::string job_by_id() { return std::string("SELECT ") + kJobColumns + " FROM job WHERE id = ?"; }

void read_rows(store::Database& archive, ArchiveSlice& slice, std::size_t limit) {
    auto row = archive.prepare(std::string("SELECT ") + kArchivedColumns +
                               " FROM share WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?");
    auto job = archive.prepare(job_by_id());
    row.bind(row_seq(slice.mint, slice.first), row_seq(slice.mint, slice.until), std::uint64_t{limit});
    while (row.step()) {
        const std::uint64_t seq = whole(row, 0);
        if (!row.is_null(kJobColumn) && !slice.jobs.contains(row.integer(kJobColumn))) {
            if (job.bind(row.integer(kJobColumn)).step())
                slice.jobs.emplace(row.integer(kJobColumn), image_of(job, kJobColumnCount));
            job.reset();
        }
        slice.rows.emplace_hint(slice.rows.end(), seq, image_of(row, kArchivedColumnCount));
    }
    if (slice.rows.size() == limit) slice.until = count_of_row(slice.rows.rbegin()->first);
}

/// An outbox row that is in the archive too.
struct Proven {
    std::int64_t seq{}, ntime{};
    Bytes key;
    std::uint64_t amount{};
};

std::vector<Proven> proven_rows(store::Database& outbox, const ArchiveSlice& slice, std::uint64_t first) {
    auto row =
        outbox.prepare(std::string("SELECT ") + kArchivedColumns +
                       " FROM share JOIN answer ON answer.seq = share.seq WHERE share.seq BETWEEN ? AND ?");
    auto job = outbox.prepare(job_by_id());
    std::map<std::int64_t, bool> same_jobs;
    const auto has_same_job = [&](std::int64_t id) {
        if (const auto known = same_jobs.find(id); known != same_jobs.end()) return known->second;
        const auto archived = slice.jobs.find(id);
        const bool is_here = job.bind(id).step();
        const bool is_same =
            is_here ? archived != slice.jobs.end() && archived->second == image_of(job, kJobColumnCount)
                    : archived == slice.jobs.end();
        job.reset();
        return same_jobs[id] = is_same;
    };
    std::vector<Proven> out;
    row.bind(row_seq(slice.mint, first), row_seq(slice.mint, slice.until));
    while (row.step()) {
        Proven one{row.integer(0), row.integer(1), {}, whole(row, 5)};
        const bool is_job_known = row.is_null(kJobColumn) || has_same_job(row.integer(kJobColumn));
        const auto hash = row.view(2).first(12);
        one.key.assign(hash.begin(), hash.end());
        const auto archived = slice.rows.find(static_cast<std::uint64_t>(one.seq));
        if (is_job_known && archived != slice.rows.end() &&
            archived->second == image_of(row, kArchivedColumnCount))
            out.push_back(std::move(one));
    }
    return out;
}

}  // namespace

Result<std::optional<ArchiveSlice>> ArchiveSlices::next(std::size_t limit) {
    if (parts_.empty()) return std::nullopt;
    ArchivePart& part = parts_.front();
    HP_TRY(const auto parts, read_archive(file_, store_));
    const auto its = std::ranges::find(parts, part.mint, &ArchivePart::mint);
    if (its == parts.end() || its->until != part.until)
        return archive_error(file_, "it is not the same file as before");
    HP_TRY(auto archive, open_archive(file_, store::Mode::read_only));
    ArchiveSlice slice{part.mint, part.first, part.until, {}, {}};
    try {
        read_rows(archive, slice, limit);
    } catch (const store::DbError& error) {
        return archive_error(file_, error.what());
    }
    part.first = slice.until + 1;
    if (part.first > part.until) parts_.erase(parts_.begin());
    return std::optional{std::move(slice)};
}

void drop_archived(store::Database& outbox, const ArchiveSlice& slice) {
    auto mint =
        outbox.prepare("SELECT archived, archived_rows, archived_high, archived_low FROM mint WHERE id = ?");
    if (!mint.bind(std::uint32_t{slice.mint}).step()) throw store::DbError(0, "the archive has another mint");
    const std::uint64_t before = whole(mint, 0);
    std::uint64_t rows = whole(mint, 1);
    Sum sum{whole(mint, 2), whole(mint, 3)};
    mint.reset();
    if (before >= slice.until) return;  // before an interruption
    if (before + 1 < slice.first) throw store::DbError(0, "the archive does not follow the one before it");
    auto drop_key = outbox.prepare("DELETE FROM share_key WHERE ntime = ? AND hash = ? AND seq = ?");
    auto drop_dead = outbox.prepare("DELETE FROM dead WHERE seq = ?");
    auto drop_share = outbox.prepare("DELETE FROM share WHERE seq = ?");
    auto drop_answer = outbox.prepare("DELETE FROM answer WHERE seq = ?");
    for (const Proven& one : proven_rows(outbox, slice, before + 1)) {
        drop_key.run_with(one.ntime, one.key, one.seq);
        drop_dead.run_with(one.seq);
        drop_share.run_with(one.seq);
        drop_answer.run_with(one.seq);
        ++rows;
        sum.add(one.amount);
    }
    outbox
        .prepare(
            "UPDATE mint SET archived = ?, archived_rows = ?, archived_high = ?, archived_low = ? WHERE "
            "id = ?")
        .bind(slice.until, rows, sum.high, sum.low, std::uint32_t{slice.mint})
        .run();
}

/// A row refers to a job that was new within half a day before it. Rows that stay below the archived ones,
/// such as dead ones, are few and as old as any: their jobs are looked up.
bool drop_archived_jobs(store::Database& outbox, std::size_t limit, UnixMs now) {
    constexpr UnixMs kDayMs = 24 * 3600 * 1000;
    auto oldest = outbox.prepare(
        "SELECT min(accepted_ms) FROM mint CROSS JOIN share ON share.seq = (SELECT seq FROM share WHERE seq "
        "> (id << 48 | archived) AND seq <= (id << 48 | 0xffffffffffff) ORDER BY seq LIMIT 1)");
    UnixMs before = now - kDayMs;
    if (oldest.step() && !oldest.is_null(0)) before = std::min(before, oldest.integer(0) - kDayMs);
    oldest.reset();
    return outbox
               .prepare(
                   "DELETE FROM job WHERE id IN (SELECT id FROM job WHERE first_ms < ? AND id NOT IN (SELECT "
                   "job FROM mint CROSS JOIN share ON share.seq BETWEEN mint.id << 48 AND (mint.id << 48 | "
                   "archived) WHERE job IS NOT NULL) ORDER BY id LIMIT ?)")
               .bind(before, static_cast<std::int64_t>(limit))
               .run() > 0;
}

}  // namespace hp::pool
