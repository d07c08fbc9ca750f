// Reading the series, also while the writer writes.
#include <algorithm>

#include "base/bytes.hpp"
#include "stats/schema.hpp"
#include "stats/series.hpp"
#include "store/sqlite.hpp"

namespace hp::stats {
namespace {

using Minute = Batch::Minute;
constexpr std::int64_t kMinuteMs = 60'000;

void read_intake(store::Database& db, Snapshot& out) {
    auto row = db.prepare("SELECT records, unknown, damaged, first_ms, last_ms FROM intake");
    if (!row.step()) throw store::DbError(0, "the table 'intake' is empty");
    out.records = static_cast<std::uint64_t>(row.integer(0));
    out.unknown = static_cast<std::uint64_t>(row.integer(1));
    out.damaged = static_cast<std::uint64_t>(row.integer(2));
    out.first_record_ms = row.integer(3);
    out.last_record_ms = row.integer(4);
}

/// The first minute of the window; sets the window's times.
Minute place_window(Snapshot& out) {
    out.from_ms = out.first_record_ms;
    out.to_ms = out.last_record_ms;
    if (!out.minutes) return 0;
    const Minute first = std::max<Minute>(out.last_record_ms / kMinuteMs - *out.minutes, 0);
    out.from_ms = std::max(out.from_ms, first * kMinuteMs);
    return first;
}

void read_sums(store::Statement& row, Snapshot& out) {
    while (row.step()) {
        out.series[row.text(0)][row.text(1)].add({.count = static_cast<std::uint64_t>(row.integer(2)),
                                                  .amount = static_cast<std::uint64_t>(row.integer(3)),
                                                  .work_hashes = row.real(4),
                                                  .last_ms = row.integer(5)});
    }
}

void read_latencies(store::Statement& row, Snapshot& out) {
    while (row.step())
        out.latencies[row.text(0)][static_cast<std::uint32_t>(row.integer(1))] +=
            static_cast<std::uint64_t>(row.integer(2));
}

void read_gauges(store::Database& db, Snapshot& out) {
    auto row = db.prepare("SELECT source, field, json, ts_ms FROM gauge");
    while (row.step()) out.gauges[row.text(0)][row.text(1)] = {row.text(2), row.integer(3)};
}

}  // namespace

Sums Snapshot::sum(const std::string& name) const {
    Sums out;
    for (const auto& [label, sums] : labels(name)) out.add(sums);
    return out;
}

const std::map<std::string, Sums>& Snapshot::labels(const std::string& name) const {
    static const std::map<std::string, Sums> none;
    const auto found = series.find(name);
    return found == series.end() ? none : found->second;
}

Percentiles Snapshot::latency(const std::string& name) const {
    const auto found = latencies.find(name);
    return found == latencies.end() ? Percentiles{} : percentiles(found->second);
}

std::optional<Gauge> Snapshot::gauge(const std::string& field) const {
    std::optional<Gauge> newest;
    for (const auto& [source, fields] : gauges) {
        const auto found = fields.find(field);
        if (found != fields.end() && (!newest || found->second.ts_ms > newest->ts_ms)) newest = found->second;
    }
    return newest;
}

Result<Snapshot> read_snapshot(const std::string& path, std::optional<std::int64_t> minutes) {
    HP_TRY(auto db,
           store::Database::open(path, store::Mode::read_only, store::Journal::wal, kApplicationId, kSchema));
    try {
        Snapshot out;
        out.minutes = minutes;
        // One moment for all tables. It ends with the connection.
        db.exec("BEGIN");
        read_intake(db, out);
        const Minute first = place_window(out);
        auto sums =
            db.prepare(minutes ? "SELECT name, label, count, amount, work_hashes, last_ms FROM minute "
                                 "WHERE minute >= ?"
                               : "SELECT name, label, count, amount, work_hashes, last_ms FROM total "
                                 "WHERE ? = 0");
        read_sums(sums.bind(first), out);
        auto counts = db.prepare(minutes ? "SELECT name, bucket, count FROM latency_minute WHERE minute >= ?"
                                         : "SELECT name, bucket, count FROM latency_total WHERE ? = 0");
        read_latencies(counts.bind(first), out);
        read_gauges(db, out);
        return out;
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

}  // namespace hp::stats
