// The table of live.hpp's rows.
#pragma once
#include "stats/live.hpp"
#include "stats/sql.hpp"

namespace hp::stats {

class LiveTable {
  public:
    explicit LiveTable(SqlDatabase& db);
    /// REQUIRES: inside a transaction.
    void apply(const LiveChanges& changes);
    /// Deletes rows without a record in the kLiveMs before this time.
    void forget(UnixMs newest_ms);

  private:
    SqlStatement begin_, close_, put_, forget_, count_;
    std::int64_t room_{0};  // rows that can be added without counting again
    UnixMs forgot_ms_{0};
};

}  // namespace hp::stats
