#include "stats/series.hpp"

#include <bit>

#include "stats/live_table.hpp"
#include "stats/refusals_table.hpp"
#include "stats/sql.hpp"

namespace hp::stats {
namespace {

/// A slot is added up this long after its end: most late records have arrived by then. Even later ones are
/// added to each level separately.
constexpr UnixMs kGraceMs = 120'000;
/// Slots of a level that one commit adds up or deletes, so that a database with much to catch up on is not
/// blocked.
constexpr Slot kSlotsAtOnce = 64;

// The row's value plus the added one, in both dialects (sql.hpp). "old + new", saturating at 2^63 - 1: SQLite
// would continue in floating point, which a STRICT column refuses.
std::string added(const std::string& table, const char* column) {
    const std::string old = table + "." + column, more = std::string("excluded.") + column;
    return std::string(column) + "=CASE WHEN " + old + ">9223372036854775807-" + more +
           " THEN 9223372036854775807 ELSE " + old + "+" + more + " END";
}
std::string summed(const std::string& table, const char* column) {
    return std::string(column) + "=" + table + "." + column + "+excluded." + column;
}
/// The larger one, or with "<" the smaller one.
std::string extreme(const std::string& table, const char* column, const char* than = ">") {
    const std::string old = table + "." + column, more = std::string("excluded.") + column;
    return std::string(column) + "=CASE WHEN " + more + than + old + " THEN " + more + " ELSE " + old +
           " END";
}
std::string add_sums(const std::string& table) {
    return " DO UPDATE SET " + added(table, "count") + "," + added(table, "amount") + "," +
           summed(table, "work_hashes") + "," + summed(table, "work_squared") + "," +
           extreme(table, "work_max") + "," + extreme(table, "last_ms");
}
std::string add_count(const std::string& table) { return " DO UPDATE SET " + added(table, "count"); }
std::string add_gauge(const std::string& table) {
    return " DO UPDATE SET " + extreme(table, "low", "<") + "," + extreme(table, "high") +
           ",last=CASE WHEN excluded.last_ms>=" + table + ".last_ms THEN excluded.last ELSE " + table +
           ".last END," + extreme(table, "last_ms");
}

std::string add_heard(const std::string& table) { return " DO UPDATE SET " + added(table, "heard"); }

/// A table of slots: its columns after level and slot, how many of them are the key, and how rows of one key
/// add up.
struct SlotTable {
    const char* name;
    const char* key;
    const char* values;
    std::string (*add)(const std::string& table);
};
constexpr SlotTable kTotals{"slot_total", "name", "count,amount,work_hashes,work_squared,work_max,last_ms",
                            &add_sums};
constexpr SlotTable kLabels{"slot_label", "name,label",
                            "count,amount,work_hashes,work_squared,work_max,last_ms", &add_sums};
constexpr SlotTable kLatencies{"slot_latency", "name,bucket", "count", &add_count};
constexpr SlotTable kHeard{"slot_heard", "source", "heard", &add_heard};
constexpr SlotTable kGauges{"slot_gauge", "source,field", "low,high,last,last_ms", &add_gauge};

std::string insert_or_add(const SlotTable& table, const std::string& rows) {
    return std::string("INSERT INTO ") + table.name + " " + rows + " ON CONFLICT(level,slot," + table.key +
           ")" + table.add(table.name);
}

/// The statements of one table of slots.
struct SlotRows {
    SqlStatement add, roll, forget;
    SlotRows(SqlDatabase& db, const SlotTable& table, const char* parameters)
        : add{db.prepare(insert_or_add(table, std::string("VALUES(") + parameters + ")"))},
          roll{db.prepare(
              insert_or_add(table, std::string("SELECT CAST(?1 AS BIGINT),slot/CAST(?2 AS BIGINT),") +
                                       table.key + "," + table.values + " FROM " + table.name +
                                       " WHERE level=CAST(?1 AS BIGINT)-1 AND slot=?3"))},
          forget{db.prepare(std::string("DELETE FROM ") + table.name + " WHERE level=? AND slot<?")} {}
};

Slot ratio_to_finer(std::size_t level) { return kLevels[level].seconds / kLevels[level - 1].seconds; }

}  // namespace

struct Series::Impl {
    std::unique_ptr<SqlDatabase> database;
    SqlDatabase& db;
    Retention retention;
    SlotRows totals, labels, latencies, gauges, heard;
    LiveTable live;
    RefusalsTable refused;
    SqlStatement heard_at, speaks, mark, total, latency_total, gauge, intake, newest, next_slot, save_level;
    Holdings holdings;
    bool may_come_later{false};

    Impl(std::unique_ptr<SqlDatabase> opened, Retention retention_)
        : database{std::move(opened)},
          db{*database},
          retention{retention_},
          totals{db, kTotals, "?,?,?,?,?,?,?,?,?"},
          labels{db, kLabels, "?,?,?,?,?,?,?,?,?,?"},
          latencies{db, kLatencies, "?,?,?,?,?"},
          gauges{db, kGauges, "?,?,?,?,?,?,?,?"},
          heard{db, kHeard, "?,?,?,?"},
          live{db},
          refused{db},
          heard_at{db.prepare(
              "SELECT source,heard FROM slot_heard WHERE level=0 AND slot=? AND source=coalesce(?,source)")},
          speaks{db.prepare("SELECT 1 FROM gauge WHERE source=? AND field='started_ms'")},
          mark{db.prepare(
              "INSERT INTO slot_heard VALUES(0,?,?,?) ON CONFLICT(level,slot,source) DO UPDATE SET "
              "heard=slot_heard.heard|excluded.heard")},
          total{db.prepare(std::string("INSERT INTO total VALUES(?,?,?,?,?,?,?,?) ON CONFLICT(name,label)") +
                           add_sums("total"))},
          latency_total{
              db.prepare(std::string("INSERT INTO latency_total VALUES(?,?,?) ON CONFLICT(name,bucket)") +
                         add_count("latency_total"))},
          gauge{db.prepare("INSERT INTO gauge VALUES(?,?,?,?) ON CONFLICT(source,field) DO UPDATE SET "
                           "json=excluded.json,ts_ms=excluded.ts_ms WHERE excluded.ts_ms>=gauge.ts_ms")},
          intake{db.prepare("UPDATE intake SET records=records+?1,unknown=unknown+?2,damaged=damaged+?3,"
                            "first_ms=CASE WHEN first_ms<=?4 THEN first_ms ELSE coalesce(?4,first_ms) END,"
                            "last_ms=CASE WHEN last_ms>=?5 THEN last_ms ELSE coalesce(?5,last_ms) END")},
          newest{db.prepare("SELECT last_ms FROM intake")},
          next_slot{db.prepare("SELECT min(slot) FROM slot_total WHERE level=? AND slot>=?")},
          save_level{db.prepare("UPDATE level SET kept=?,complete=? WHERE level=?")} {
        auto rows = db.prepare("SELECT level,kept,complete FROM level");
        while (rows.step()) {
            const auto level = static_cast<std::size_t>(rows.integer(0));
            if (level >= kLevels.size()) continue;
            holdings.kept[level] = rows.integer(1);
            holdings.complete[level] = rows.integer(2);
        }
    }

    template <class Call>
    Result<bool> transact(Call call) {
        const Holdings before = holdings;
        may_come_later = false;
        try {
            SqlTransaction transaction{db};
            const bool out = call();
            transaction.commit();
            return out;
        } catch (const store::DbError& error) {
            holdings = before;
            may_come_later = error.is_passing();
            return fail(Errc::io, db.name() + ": " + error.what());
        }
    }

    /// Calls with each level that has already added up this minute, and its slot.
    template <class Call>
    void each_place(Batch::Minute minute, Call call) {
        for (std::size_t level = 0; level < kLevels.size(); ++level) {
            const Slot slot = minute * kLevels[0].seconds / kLevels[level].seconds;
            if (slot >= holdings.kept[level] && (level == 0 || slot < holdings.complete[level]))
                call(level, slot);
        }
    }

    void add(const Batch& batch) {
        std::map<std::pair<Batch::Minute, std::string_view>, Sums> sums_of_names;
        for (const auto& one : batch.sums()) {
            const auto minute = one.first.first;
            const SeriesKey& series = one.first.second;
            const Sums& sums = one.second;
            sums_of_names[{minute, series.name}].add(sums);
            each_place(minute, [&](std::size_t level, Slot slot) {
                labels.add
                    .bind(level, slot, series.name, series.label, sums.count, sums.amount, sums.work_hashes,
                          sums.work_squared, sums.work_max, sums.last_ms)
                    .run();
            });
            total
                .bind(series.name, series.label, sums.count, sums.amount, sums.work_hashes, sums.last_ms,
                      sums.work_squared, sums.work_max)
                .run();
        }
        for (const auto& one : sums_of_names)
            each_place(one.first.first, [&](std::size_t level, Slot slot) {
                const Sums& sums = one.second;
                totals.add
                    .bind(level, slot, one.first.second, sums.count, sums.amount, sums.work_hashes,
                          sums.work_squared, sums.work_max, sums.last_ms)
                    .run();
            });
        for (const auto& place : batch.latencies()) {
            const auto minute = place.first.first;
            const std::string& name = place.first.second;
            for (const auto& one : place.second) {
                each_place(minute, [&](std::size_t level, Slot slot) {
                    latencies.add.bind(level, slot, name, one.first, one.second).run();
                });
                latency_total.bind(name, one.first, one.second).run();
            }
        }
        for (const auto& [key, value] : batch.gauges())
            gauge.bind(key.first, key.second, value.json, value.ts_ms).run();
        for (const auto& one : batch.ranges())
            each_place(one.first.minute, [&](std::size_t level, Slot slot) {
                const auto& [key, range] = one;
                gauges.add
                    .bind(level, slot, key.source, key.field, range.low, range.high, range.last,
                          range.last_ms)
                    .run();
            });
        for (const auto& one : batch.heard())
            add_heard_seconds(one.first.first, one.first.second, one.second);
        live.apply(batch.live());
        refused.apply(batch.refusals());
        if (batch.records() > 0) {
            live.forget(batch.last_ms());
            refused.forget(batch.last_ms());
        }
        std::optional<UnixMs> first, last;
        if (batch.records() > 0) first = batch.first_ms(), last = batch.last_ms();
        intake.bind(batch.records(), batch.unknown(), batch.damaged(), first, last).run();
    }

    void add_heard_seconds(Batch::Minute minute, const std::string& source, SecondsMask mask) {
        // Without status records nothing comes between two records: then a minute with a record counts as
        // whole.
        if (!speaks.bind(source).step()) mask = kWholeMinute;
        speaks.reset();
        SecondsMask before = 0;
        heard_at.bind(minute, source);
        if (heard_at.step()) before = static_cast<SecondsMask>(heard_at.integer(1));
        heard_at.reset();
        if ((mask & ~before) == 0) return;
        if (minute >= holdings.kept[0]) mark.bind(minute, source, static_cast<std::int64_t>(mask)).run();
        each_place(minute, [&](std::size_t level, Slot slot) {
            if (level > 0) heard.add.bind(level, slot, source, std::popcount(mask & ~before)).run();
        });
    }
    /// For all sources, from minutes to seconds.
    void roll_heard_minute(Slot minute) {
        std::vector<std::pair<std::string, int>> seconds;
        heard_at.bind(minute, nullptr);
        while (heard_at.step())
            seconds.emplace_back(heard_at.text(0),
                                 std::popcount(static_cast<SecondsMask>(heard_at.integer(1))));
        heard_at.reset();
        for (const auto& [source, count] : seconds)
            heard.add.bind(1, minute / ratio_to_finer(1), source, count).run();
    }

    /// Whether there was anything to do.
    bool keep_up(UnixMs now) {
        newest.reset();
        if (!newest.step() || newest.is_null(0)) return false;
        const UnixMs until = std::min(newest.integer(0), now);
        newest.reset();
        const Holdings before = holdings;
        for (std::size_t level = 1; level < kLevels.size(); ++level) roll(level, until);
        for (std::size_t level = 0; level < kLevels.size(); ++level) forget(level, until);
        bool is_changed = false;
        for (std::size_t level = 0; level < kLevels.size(); ++level) {
            if (holdings.kept[level] == before.kept[level] &&
                holdings.complete[level] == before.complete[level])
                continue;
            save_level.bind(holdings.kept[level], holdings.complete[level], level).run();
            is_changed = true;
        }
        return is_changed;
    }

    /// The first non-empty slot of the level, from this one on.
    std::optional<Slot> next(std::size_t level, Slot from) {
        next_slot.bind(level, from);
        std::optional<Slot> out;
        if (next_slot.step() && !next_slot.is_null(0)) out = next_slot.integer(0);
        next_slot.reset();
        return out;
    }

    void roll(std::size_t level, UnixMs until) {
        const Slot ratio = ratio_to_finer(level);
        Slot end = slot_of(until - kGraceMs, level);
        if (level > 1) end = std::min(end, holdings.complete[level - 1] / ratio);
        Slot& complete = holdings.complete[level];
        if (end <= complete) return;
        // Skip empty slots.
        const auto first = next(level - 1, complete * ratio);
        complete = first ? std::min(end, std::max(complete, *first / ratio)) : end;
        end = std::min(end, complete + kSlotsAtOnce);
        if (end == complete) return;
        // One finer slot at a time: PostgreSQL adds to a row once in a statement.
        for (SlotRows* rows : {&totals, &labels, &latencies, &gauges})
            for (Slot slot = complete * ratio; slot < end * ratio; ++slot)
                rows->roll.bind(level, ratio, slot).run();
        for (Slot slot = complete * ratio; slot < end * ratio; ++slot)
            level == 1 ? roll_heard_minute(slot) : heard.roll.bind(level, ratio, slot).run();
        complete = end;
    }

    void forget(std::size_t level, UnixMs until) {
        Slot& kept = holdings.kept[level];
        Slot before = slot_of(std::max<UnixMs>(until - retention.keep_s[level] * 1000, 0), level);
        if (level < kCoarsest)
            before = std::min(before, holdings.complete[level + 1] * ratio_to_finer(level + 1));
        if (before <= kept) return;
        const auto first = next(level, kept);
        if (first && *first < before) {
            before = std::min(before, *first + kSlotsAtOnce);
            for (SlotRows* rows : {&totals, &labels, &latencies, &gauges, &heard})
                rows->forget.bind(level, before).run();
        }
        kept = before;
    }
};

Series::Series(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Series::Series(Series&&) noexcept = default;
Series::~Series() = default;

Result<Series> Series::open(const std::string& path, Retention retention) {
    HP_TRY(auto db, open_sql(path, SqlDatabase::Mode::write));
    const std::string name = db->name();
    try {
        return Series{std::make_unique<Impl>(std::move(db), retention)};
    } catch (const store::DbError& error) {
        return fail(Errc::io, name + ": " + error.what());
    }
}

Result<> Series::commit(const Batch& batch, UnixMs now) {
    const auto done = impl_->transact([&] {
        impl_->add(batch);
        return impl_->keep_up(now);
    });
    return done ? Result<>{} : fail(done.error());
}

bool Series::may_come_later() const { return impl_->may_come_later; }

Result<bool> Series::catch_up(UnixMs now) {
    return impl_->transact([&] { return impl_->keep_up(now); });
}

}  // namespace hp::stats
