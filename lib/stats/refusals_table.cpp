#include "stats/refusals_table.hpp"

namespace hp::stats {
namespace {

constexpr UnixMs kForgetRefusedEveryMs = 60'000;

}  // namespace

RefusalsTable::RefusalsTable(SqlDatabase& db)
    : put_{db.prepare("INSERT INTO refused VALUES(?,?,?,?,?,?,?,?) ON "
                      "CONFLICT(source,type,who,worker,reason) DO UPDATE SET "
                      "count=refused.count+excluded.count,"
                      "first_ms=CASE WHEN excluded.first_ms<refused.first_ms THEN excluded.first_ms ELSE "
                      "refused.first_ms END,"
                      "last_ms=CASE WHEN excluded.last_ms>refused.last_ms THEN excluded.last_ms ELSE "
                      "refused.last_ms END")},
      trim_{db.prepare("DELETE FROM refused WHERE last_ms<(SELECT last_ms FROM refused ORDER BY last_ms "
                       "DESC LIMIT 1 OFFSET ?)")},
      forget_{db.prepare("DELETE FROM refused WHERE last_ms<?")} {}

void RefusalsTable::apply(const Refusals& refusals) {
    if (refusals.all().empty()) return;
    for (const auto& [key, refused] : refusals.all())
        put_.bind(key.source, key.type, key.who, key.worker, key.reason, refused.count, refused.first_ms,
                  refused.last_ms)
            .run();
    trim_.bind(kRefusedMax - 1).run();
}

void RefusalsTable::forget(UnixMs newest_ms) {
    if (newest_ms < forgot_ms_ + kForgetRefusedEveryMs) return;
    forgot_ms_ = newest_ms;
    forget_.bind(newest_ms - kRefusedMs).run();
}

}  // namespace hp::stats
