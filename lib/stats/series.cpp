#include "stats/series.hpp"

#include "stats/schema.hpp"
#include "store/sqlite.hpp"

namespace hp::stats {
namespace {

// "old + new", stopping at 2^63 - 1: SQLite would go on in floating point, which a STRICT column refuses.
#define HP_ADD_UP(column)                                                  \
#column "=CASE WHEN " #column ">9223372036854775807-excluded." #column \
            " THEN 9223372036854775807 ELSE " #column "+excluded." #column " END"
constexpr const char* kAddSums =
    " DO UPDATE SET " HP_ADD_UP(count) "," HP_ADD_UP(amount) ","
    "work_hashes=work_hashes+excluded.work_hashes,last_ms=max(last_ms,excluded.last_ms)";
constexpr const char* kAddCount = " DO UPDATE SET " HP_ADD_UP(count);
#undef HP_ADD_UP

std::string insert_or_add(const char* into, const char* add) {
    return std::string("INSERT INTO ") + into + add;
}

}  // namespace

struct Series::Impl {
    store::Database db;
    store::Statement minute, total, latency_minute, latency_total, gauge, intake, forget, forget_latencies;
    Batch::Minute forgotten_before{0};

    explicit Impl(store::Database opened)
        : db{std::move(opened)},
          minute{db.prepare(
              insert_or_add("minute VALUES(?,?,?,?,?,?,?) ON CONFLICT(minute,name,label)", kAddSums))},
          total{db.prepare(insert_or_add("total VALUES(?,?,?,?,?,?) ON CONFLICT(name,label)", kAddSums))},
          latency_minute{db.prepare(
              insert_or_add("latency_minute VALUES(?,?,?,?) ON CONFLICT(minute,name,bucket)", kAddCount))},
          latency_total{
              db.prepare(insert_or_add("latency_total VALUES(?,?,?) ON CONFLICT(name,bucket)", kAddCount))},
          gauge{db.prepare("INSERT INTO gauge VALUES(?,?,?,?) ON CONFLICT(source,field) DO UPDATE SET "
                           "json=excluded.json,ts_ms=excluded.ts_ms WHERE excluded.ts_ms>=ts_ms")},
          intake{db.prepare("UPDATE intake SET records=records+?1,unknown=unknown+?2,damaged=damaged+?3,"
                            "first_ms=min(coalesce(first_ms,?4),coalesce(?4,first_ms)),"
                            "last_ms=max(coalesce(last_ms,?5),coalesce(?5,last_ms))")},
          forget{db.prepare("DELETE FROM minute WHERE minute<?")},
          forget_latencies{db.prepare("DELETE FROM latency_minute WHERE minute<?")} {}

    void add(const Batch& batch) {
        for (const auto& [key, sums] : batch.sums()) {
            const auto& [at, series] = key;
            minute
                .bind(at, series.name, series.label, sums.count, sums.amount, sums.work_hashes, sums.last_ms)
                .run();
            total.bind(series.name, series.label, sums.count, sums.amount, sums.work_hashes, sums.last_ms)
                .run();
        }
        for (const auto& [key, counts] : batch.latencies()) {
            const auto& [at, name] = key;
            for (const auto& [bucket, count] : counts) {
                latency_minute.bind(at, name, bucket, count).run();
                latency_total.bind(name, bucket, count).run();
            }
        }
        for (const auto& [key, value] : batch.gauges())
            gauge.bind(key.first, key.second, value.json, value.ts_ms).run();
        std::optional<UnixMs> first, last;
        if (batch.records() > 0) first = batch.first_ms(), last = batch.last_ms();
        intake.bind(batch.records(), batch.unknown(), batch.damaged(), first, last).run();
    }

    /// Old by the newest record, not by our clock: an old file that is read today keeps its minutes.
    void forget_old(UnixMs now) {
        auto newest = db.prepare("SELECT last_ms FROM intake");
        if (!newest.step() || newest.is_null(0)) return;
        const Batch::Minute before = std::min(newest.integer(0), now) / 60'000 - kMinutesKept;
        if (before <= forgotten_before) return;
        forget.bind(before).run();
        forget_latencies.bind(before).run();
        forgotten_before = before;
    }
};

Series::Series(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
Series::Series(Series&&) noexcept = default;
Series::~Series() = default;

Result<Series> Series::open(const std::string& path) {
    HP_TRY(auto db,
           store::Database::open(path, store::Mode::create, store::Journal::wal, kApplicationId, kSchema));
    try {
        return Series{std::make_unique<Impl>(std::move(db))};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(path, 4096) + "': " + error.what());
    }
}

Result<> Series::commit(const Batch& batch, UnixMs now) {
    try {
        store::Transaction transaction{impl_->db};
        impl_->add(batch);
        impl_->forget_old(now);
        transaction.commit();
        return {};
    } catch (const store::DbError& error) {
        return fail(Errc::io, "database '" + printable(impl_->db.path(), 4096) + "': " + error.what());
    }
}

}  // namespace hp::stats
