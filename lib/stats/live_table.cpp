#include "stats/live_table.hpp"

namespace hp::stats {
namespace {

constexpr UnixMs kForgetEveryMs = 60'000;

}  // namespace

LiveTable::LiveTable(SqlDatabase& db)
    : begin_{db.prepare("DELETE FROM live WHERE source=? AND opened_ms<?")},
      close_{db.prepare(
          "DELETE FROM live WHERE source=?1 AND connection=?2 AND (CAST(?3 AS BIGINT)=1 OR channel=?4) AND "
          "seen_ms<=?5")},
      put_{db.prepare(
          "INSERT INTO live VALUES(?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(source,connection,channel) DO UPDATE "
          "SET opened_ms=excluded.opened_ms,seen_ms=excluded.seen_ms,is_standard=excluded.is_standard,"
          "shares=excluded.shares,rate=excluded.rate,rate_squared=excluded.rate_squared,"
          "rate_max=excluded.rate_max,json=excluded.json WHERE excluded.seen_ms>=live.seen_ms")},
      forget_{db.prepare("DELETE FROM live WHERE seen_ms<?")},
      count_{db.prepare("SELECT count(*) FROM live")} {}

void LiveTable::apply(const LiveChanges& changes) {
    for (const auto& [source, started_ms] : changes.begun()) begin_.bind(source, started_ms).run();
    for (const auto& [key, is_whole, ts_ms] : changes.closed())
        close_.bind(key.source, key.connection, is_whole, key.channel, ts_ms).run();
    const auto rows = static_cast<std::int64_t>(changes.rows().size());
    if (room_ < rows && count_.step()) room_ = kLiveMax - count_.integer(0);
    count_.reset();
    for (const auto& [key, row] : changes.rows()) {
        if (room_ <= 0) break;
        --room_;
        put_.bind(key.source, key.connection, key.channel, row.opened_ms, row.seen_ms, row.is_standard,
                  row.rate.count, row.rate.work_hashes, row.rate.work_squared, row.rate.work_max, row.json)
            .run();
    }
}

void LiveTable::forget(UnixMs newest_ms) {
    if (newest_ms < forgot_ms_ + kForgetEveryMs) return;
    forgot_ms_ = newest_ms;
    forget_.bind(newest_ms - kLiveMs).run();
}

}  // namespace hp::stats
