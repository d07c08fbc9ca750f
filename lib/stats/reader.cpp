#include "stats/reader.hpp"

#include <algorithm>
#include <bit>

#include "base/bytes.hpp"
#include "records/names.hpp"
#include "stats/rules.hpp"
#include "stats/sql.hpp"
#include "stats/text.hpp"

namespace hp::stats {
namespace {

using namespace records::literals;

/// How old a status may be to count for a moment.
constexpr UnixMs kGaugeReachMs = 3'600'000;

/// Columns count, amount, work_hashes, work_squared, work_max, last_ms from this one on.
Sums sums_of(const SqlStatement& row, int column) {
    return {.count = static_cast<std::uint64_t>(row.integer(column)),
            .amount = static_cast<std::uint64_t>(row.integer(column + 1)),
            .work_hashes = row.real(column + 2),
            .work_squared = row.real(column + 3),
            .work_max = row.real(column + 4),
            .last_ms = row.integer(column + 5)};
}

bool is_by_worker(const records::Series& series) { return series.label == "worker"; }
const std::set<std::string, std::less<>>& worker_series() {
    static const auto all = [] {
        std::set<std::string, std::less<>> out;
        for (const auto& series : all_series())
            if (is_by_worker(series)) out.insert(std::string(series.name));
        return out;
    }();
    return all;
}

/// Columns shares, rate, rate_squared, rate_max from this one on.
Sums rate_of(const SqlStatement& row, int column) {
    return {.count = static_cast<std::uint64_t>(row.integer(column)),
            .work_hashes = row.real(column + 1),
            .work_squared = row.real(column + 2),
            .work_max = row.real(column + 3)};
}

void read_sums(SqlStatement& row, Snapshot& out) {
    while (row.step()) out.series[row.text(0)][row.text(1)].add(sums_of(row, 2));
}

void read_latencies(SqlStatement& row, Snapshot& out) {
    while (row.step())
        out.latencies[row.text(0)][static_cast<std::uint32_t>(row.integer(1))] +=
            static_cast<std::uint64_t>(row.integer(2));
}

/// The value of slot_heard in seconds.
std::int64_t heard_seconds(std::size_t level, std::int64_t heard) {
    return level == 0 ? std::popcount(static_cast<SecondsMask>(heard)) : heard;
}

/// The seconds of [from_ms, to_ms] without records. `is_closed`: a record came at to_ms.
double unheard_seconds(UnixMs from_ms, UnixMs to_ms, bool is_closed, std::int64_t heard_s) {
    const auto whole = to_ms / 1000 + (is_closed ? 1 : 0) - from_ms / 1000;
    return static_cast<double>(std::max<std::int64_t>(whole - heard_s, 0));
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

std::optional<std::int64_t> Snapshot::blocks_accepted() const {
    const auto count = [this](const char* name, const char* label) {
        const auto& of = labels(name);
        const auto found = of.find(label);
        return found == of.end() ? std::int64_t{0} : static_cast<std::int64_t>(found->second.count);
    };
    const bool was_told = series.contains("block_submitted"_series) || series.contains("block_moved"_series);
    if (!was_told && sum("block_found"_series).count > 0) return {};
    return count("block_submitted"_series, "true") + count("block_moved"_series, "true") -
           count("block_moved"_series, "false");
}

std::optional<Gauge> Snapshot::gauge(const std::string& field) const {
    std::optional<Gauge> newest;
    for (const auto& [source, fields] : gauges) {
        const auto found = fields.find(field);
        if (found != fields.end() && (!newest || found->second.ts_ms > newest->ts_ms)) newest = found->second;
    }
    return newest;
}

struct Reader::Impl {
    std::unique_ptr<SqlDatabase> database;
    SqlDatabase& db{*database};

    void read_intake(Snapshot& out) {
        auto row = db.prepare("SELECT records, unknown, damaged, first_ms, last_ms FROM intake");
        if (!row.step()) throw store::DbError(0, "the table 'intake' is empty");
        out.records = static_cast<std::uint64_t>(row.integer(0));
        out.unknown = static_cast<std::uint64_t>(row.integer(1));
        out.damaged = static_cast<std::uint64_t>(row.integer(2));
        out.first_record_ms = row.integer(3);
        out.last_record_ms = row.integer(4);
    }

    Holdings holdings() {
        Holdings out;
        auto row = db.prepare("SELECT level, kept, complete FROM level");
        while (row.step()) {
            const auto level = static_cast<std::size_t>(row.integer(0));
            if (level >= kLevels.size()) continue;
            out.kept[level] = row.integer(1);
            out.complete[level] = row.integer(2);
        }
        return out;
    }

    void read_window(Snapshot& out, std::optional<UnixMs> until, Workers workers) {
        if (until) out.to_ms = std::clamp(*until / kMinuteMs * kMinuteMs, out.first_record_ms, out.to_ms);
        if (out.minutes)
            out.from_ms = std::max(out.from_ms, (out.to_ms / kMinuteMs - *out.minutes) * kMinuteMs);
        // A record exactly at the end of the window is included, unless the window ends before the newest
        // one.
        const bool is_to_newest = out.to_ms == out.last_record_ms;
        const auto pieces = cover(holdings(), out.from_ms, out.to_ms + (is_to_newest ? 1 : 0));
        if (pieces.empty()) return;
        out.from_ms = std::max(out.first_record_ms, begin_of(pieces.front().from, pieces.front().level));
        workers == Workers::named ? read_labels(out, pieces) : read_together(out, pieces);
        auto counts = db.prepare(
            "SELECT name, bucket, count FROM slot_latency WHERE level = ? AND slot >= ? AND slot < ?");
        for (const Piece& piece : pieces) read_latencies(counts.bind(piece.level, piece.from, piece.to), out);
    }

    void read_heard(Snapshot& out) {
        const bool is_to_newest = out.to_ms == out.last_record_ms;
        auto row =
            db.prepare("SELECT slot,heard FROM slot_heard WHERE level=? AND slot>=? AND slot<? AND source=?");
        std::int64_t heard_s = 0;
        for (const Piece& piece : cover(holdings(), out.from_ms, out.to_ms + (is_to_newest ? 1 : 0))) {
            row.bind(piece.level, piece.from, piece.to, writer_of("share_accepted"_series));
            while (row.step()) heard_s += heard_seconds(piece.level, row.integer(1));
        }
        // If the pool never wrote a record, its pauses are unknown.
        if (heard_s > 0) out.unheard_s = unheard_seconds(out.from_ms, out.to_ms, is_to_newest, heard_s);
    }

    void read_labels(Snapshot& out, const std::vector<Piece>& pieces) {
        auto sums = db.prepare(
            "SELECT name, label, count, amount, work_hashes, work_squared, work_max, last_ms FROM slot_label "
            "WHERE level = ? AND slot >= ? AND slot < ?");
        for (const Piece& piece : pieces) read_sums(sums.bind(piece.level, piece.from, piece.to), out);
    }

    /// Without the rows of workers: series with other labels are read slot by slot.
    void read_together(Snapshot& out, const std::vector<Piece>& pieces) {
        auto totals = db.prepare(
            "SELECT name, CAST(? AS TEXT), count, amount, work_hashes, work_squared, work_max, last_ms FROM "
            "slot_total "
            "WHERE level = ? AND slot >= ? AND slot < ?");
        auto labels = db.prepare(
            "SELECT name, label, count, amount, work_hashes, work_squared, work_max, last_ms FROM slot_label "
            "WHERE level = ? AND slot = ? AND name = ?");
        for (const Piece& piece : pieces)
            read_sums(totals.bind(kOtherLabel, piece.level, piece.from, piece.to), out);
        for (const auto& series : all_series()) {
            if (series.label.empty() || is_by_worker(series) ||
                !out.series.contains(std::string(series.name)))
                continue;
            out.series.erase(std::string(series.name));
            for (const Piece& piece : pieces)
                for (Slot slot = piece.from; slot < piece.to; ++slot)
                    read_sums(labels.bind(piece.level, slot, series.name), out);
        }
    }

    void read_all(Snapshot& out, Workers workers) {
        auto sums = db.prepare(
            "SELECT name, label, count, amount, work_hashes, work_squared, work_max, last_ms FROM total");
        while (sums.step()) {
            const std::string name = sums.text(0);
            const bool is_folded = workers == Workers::together && worker_series().contains(name);
            out.series[name][is_folded ? std::string(kOtherLabel) : sums.text(1)].add(sums_of(sums, 2));
        }
        auto counts = db.prepare("SELECT name, bucket, count FROM latency_total");
        read_latencies(counts, out);
    }

    void read_gauges(Snapshot& out) {
        auto row = db.prepare("SELECT source, field, json, ts_ms FROM gauge");
        while (row.step()) out.gauges[row.text(0)][row.text(1)] = {row.text(2), row.integer(3)};
    }
    /// The numbers at that time.
    void read_gauges_until(Snapshot& out) {
        auto row = db.prepare(
            "SELECT source, field, last, last_ms FROM slot_gauge WHERE level = ? AND slot >= ? AND slot < ?");
        for (const Piece& piece : cover(holdings(), out.to_ms - kGaugeReachMs, out.to_ms)) {
            row.bind(piece.level, piece.from, piece.to);
            while (row.step()) {
                Gauge& gauge = out.gauges[row.text(0)][row.text(1)];
                if (row.integer(3) >= gauge.ts_ms) gauge = {number_text(row.real(2)), row.integer(3)};
            }
        }
    }

    std::vector<std::string> texts(SqlStatement row) {
        std::vector<std::string> out;
        while (row.step()) out.push_back(row.text(0));
        return out;
    }

    static constexpr const char* kAreThere =
        " FROM live WHERE source=?1 AND connection=coalesce(?2,connection) AND seen_ms>=?3";

    UnixMs live_from() {
        Snapshot times;
        read_intake(times);
        return times.last_record_ms - kLiveMs;
    }
    template <class T>
    LivePage<T> counted(const char* what, const LiveQuery& query) {
        auto row =
            db.prepare(std::string("SELECT count(") + what + "),coalesce(sum(is_standard),0)" + kAreThere);
        row.bind(query.source, query.connection, live_from()).step();
        return {row.integer(0), row.integer(1), {}};
    }
    Sums rate(const std::string& source) {
        auto row = db.prepare(
            std::string(
                "SELECT coalesce(sum(shares),0),coalesce(sum(rate),0.0),coalesce(sum(rate_squared),0.0),"
                "coalesce(max(rate_max),0.0)") +
            kAreThere);
        row.bind(source, nullptr, live_from()).step();
        return rate_of(row, 0);
    }

    LivePage<LiveConnection> connections(const LiveQuery& query) {
        auto out = counted<LiveConnection>("DISTINCT connection", query);
        auto row = db.prepare(
            std::string("SELECT connection,sum(1-is_standard),sum(is_standard),min(opened_ms),sum(shares),"
                        "sum(rate) AS all_rate,sum(rate_squared),max(rate_max),min(json)") +
            kAreThere + " GROUP BY connection ORDER BY " +
            (query.is_by_rate ? "all_rate DESC,connection" : "connection") + " LIMIT ?4 OFFSET ?5");
        row.bind(query.source, query.connection, live_from(), query.limit, query.offset);
        while (row.step())
            out.items.push_back({row.integer(0), row.integer(1), row.integer(2), row.integer(3),
                                 rate_of(row, 4), row.text(8)});
        return out;
    }

    LivePage<LiveRow> channels(const LiveQuery& query) {
        auto out = counted<LiveRow>("*", query);
        auto row = db.prepare(
            std::string("SELECT opened_ms,seen_ms,is_standard,shares,rate,rate_squared,rate_max,json") +
            kAreThere + " ORDER BY " + (query.is_by_rate ? "rate DESC," : "") +
            "connection,channel LIMIT ?4 OFFSET ?5");
        row.bind(query.source, query.connection, live_from(), query.limit, query.offset);
        while (row.step())
            out.items.push_back(
                {row.integer(0), row.integer(1), row.integer(2) != 0, rate_of(row, 3), row.text(7)});
        return out;
    }

    LivePage<RefusedRow> refused(std::int64_t offset, std::int64_t limit) {
        Snapshot times;
        read_intake(times);
        const UnixMs from = times.last_record_ms - kRefusedMs;
        LivePage<RefusedRow> out;
        auto count = db.prepare("SELECT count(*) FROM refused WHERE last_ms>=?");
        count.bind(from).step();
        out.total = count.integer(0);
        auto row = db.prepare(
            "SELECT source,type,who,worker,reason,count,first_ms,last_ms FROM refused WHERE last_ms>=? "
            "ORDER BY last_ms DESC,source,type,who,worker,reason LIMIT ? OFFSET ?");
        row.bind(from, limit, offset);
        while (row.step())
            out.items.push_back(
                {{row.text(0), row.text(1), row.text(2), row.text(3), row.text(4)},
                 {static_cast<std::uint64_t>(row.integer(5)), row.integer(6), row.integer(7)}});
        return out;
    }

    /// The statements that read one slot of a query.
    struct SlotReader {
        SlotReader(SqlDatabase& db, const HistoryQuery& query_)
            : query{query_},
              writer{query_.is_gauge ? std::string_view{} : writer_of(query_.name)},
              heard{db.prepare("SELECT heard FROM slot_heard WHERE level = ? AND slot = ? AND source = ?")},
              observed{db.prepare("SELECT 1 FROM slot_total WHERE level = ? AND slot = ? AND name = ?")},
              sums{db.prepare(
                  query.label
                      ? "SELECT count, amount, work_hashes, work_squared, work_max, last_ms FROM slot_label "
                        "WHERE level = ? AND slot = ? AND name = ? AND label = ?"
                      : "SELECT count, amount, work_hashes, work_squared, work_max, last_ms FROM slot_total "
                        "WHERE level = ? AND slot = ? AND name = ?")},
              gauges{db.prepare("SELECT low, high, last, last_ms FROM slot_gauge "
                                "WHERE level = ? AND slot = ? AND field = ?")} {}

        /// `heard_s` of the row's slot so far.
        void add(std::size_t level, Slot slot, HistoryRow& row, std::int64_t& heard_s) {
            if (writer.empty()) {
                observed.bind(level, slot, kRecordSeries);
                row.is_observed |= observed.step();
            } else if (heard.bind(level, slot, writer).step()) {
                row.is_observed = true;
                heard_s += heard_seconds(level, heard.integer(0));
            }
            if (query.is_gauge) return add_gauge(level, slot, row);
            if (query.label)
                sums.bind(level, slot, query.name, *query.label);
            else
                sums.bind(level, slot, query.name);
            if (sums.step()) row.sums.add(sums_of(sums, 0));
        }
        void add_gauge(std::size_t level, Slot slot, HistoryRow& row) {
            gauges.bind(level, slot, query.name);
            while (gauges.step()) {
                const Range range{gauges.real(0), gauges.real(1), gauges.real(2), gauges.integer(3)};
                if (!row.gauge) row.gauge = range;
                row.gauge->low = std::min(row.gauge->low, range.low);
                row.gauge->high = std::max(row.gauge->high, range.high);
                if (range.last_ms >= row.gauge->last_ms)
                    row.gauge->last = range.last, row.gauge->last_ms = range.last_ms;
            }
        }

        const HistoryQuery& query;
        std::string_view writer;
        SqlStatement heard, observed, sums, gauges;
    };

    std::vector<HistoryRow> history(const HistoryQuery& query) {
        Snapshot times;
        read_intake(times);
        std::vector<HistoryRow> out;
        if (times.records == 0) return out;
        const UnixMs from_ms = std::max(query.from_ms, times.first_record_ms);
        const UnixMs to_ms = std::min(query.to_ms, times.last_record_ms + 1);
        // Whole slots of the query's length, so that the ends of a history do not depend on the query's time.
        const UnixMs whole_from = begin_of(slot_of(from_ms, query.level), query.level);
        SlotReader slots{db, query};
        std::int64_t heard_s = 0;
        UnixMs begin_ms = 0, end_ms = 0;
        bool has_newest = false;
        const auto end_row = [&] {
            if (out.empty()) return;
            double& seconds = out.back().seconds;
            seconds = static_cast<double>(end_ms - begin_ms) / 1000;
            if (!slots.writer.empty())
                seconds -= std::min(seconds, unheard_seconds(begin_ms, end_ms, has_newest, heard_s));
        };
        for (const Piece& piece : cover(holdings(), whole_from, to_ms, query.level))
            for (Slot slot = piece.from; slot < piece.to; ++slot) {
                const std::size_t level = std::max(piece.level, query.level);
                const UnixMs begin = begin_of(slot_of(begin_of(slot, piece.level), level), level);
                if (out.empty() || out.back().from_ms != begin) {
                    end_row();
                    heard_s = 0;
                    const UnixMs end = begin + kLevels[level].seconds * 1000;
                    begin_ms = std::max(begin, times.first_record_ms);
                    end_ms = std::min(end, times.last_record_ms);
                    has_newest = times.last_record_ms < end;
                    out.push_back({.from_ms = begin});
                }
                slots.add(piece.level, slot, out.back(), heard_s);
            }
        end_row();
        return out;
    }
};

Reader::Reader(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Reader::Reader(Reader&&) noexcept = default;
Reader::~Reader() = default;

Result<Reader> Reader::open(const std::string& path) {
    HP_TRY(auto db, open_sql(path, SqlDatabase::Mode::read));
    return Reader{std::make_unique<Impl>(Impl{std::move(db)})};
}

/// One snapshot of the database for all statements of the call.
template <class Call>
auto Reader::at_one_moment(Call call) -> Result<decltype(call())> {
    try {
        SqlTransaction transaction{impl_->db};
        auto out = call();
        transaction.commit();
        return out;
    } catch (const store::DbError& error) {
        return fail(Errc::io, impl_->db.name() + ": " + error.what());
    }
}

Result<Snapshot> Reader::snapshot(std::optional<std::int64_t> minutes, std::optional<UnixMs> until,
                                  Workers workers) {
    return at_one_moment([&] {
        Snapshot out;
        out.minutes = minutes;
        impl_->read_intake(out);
        out.from_ms = out.first_record_ms;
        out.to_ms = out.last_record_ms;
        if (minutes || until)
            impl_->read_window(out, until, workers);
        else
            impl_->read_all(out, workers);
        if (out.records > 0) impl_->read_heard(out);
        if (until)
            impl_->read_gauges_until(out);
        else
            impl_->read_gauges(out);
        return out;
    });
}

Result<std::vector<HistoryRow>> Reader::history(const HistoryQuery& query) {
    return at_one_moment([&] { return impl_->history(query); });
}

Result<std::vector<std::string>> Reader::series_names() {
    return at_one_moment([&] { return impl_->texts(impl_->db.prepare("SELECT DISTINCT name FROM total")); });
}
Result<std::vector<std::string>> Reader::label_names(const std::string& series) {
    return at_one_moment([&] {
        auto row = impl_->db.prepare("SELECT label FROM total WHERE name = ?");
        row.bind(series);
        return impl_->texts(std::move(row));
    });
}
Result<std::vector<std::string>> Reader::gauge_names() {
    return at_one_moment([&] { return impl_->texts(impl_->db.prepare("SELECT DISTINCT field FROM gauge")); });
}

Result<std::optional<std::pair<UnixMs, UnixMs>>> Reader::times() {
    return at_one_moment([&]() -> std::optional<std::pair<UnixMs, UnixMs>> {
        Snapshot out;
        impl_->read_intake(out);
        if (out.records == 0) return {};
        return std::pair{out.first_record_ms, out.last_record_ms};
    });
}

Result<LivePage<LiveConnection>> Reader::connections(const LiveQuery& query) {
    return at_one_moment([&] { return impl_->connections(query); });
}
Result<LivePage<LiveRow>> Reader::channels(const LiveQuery& query) {
    return at_one_moment([&] { return impl_->channels(query); });
}
Result<LivePage<RefusedRow>> Reader::refused(std::int64_t offset, std::int64_t limit) {
    return at_one_moment([&] { return impl_->refused(offset, limit); });
}
Result<Sums> Reader::rate(const std::string& source) {
    return at_one_moment([&] { return impl_->rate(source); });
}

}  // namespace hp::stats
