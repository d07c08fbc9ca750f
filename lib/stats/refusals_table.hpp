// The table of the last hour's refusals.
#pragma once
#include "stats/refusals.hpp"
#include "stats/sql.hpp"

namespace hp::stats {

class RefusalsTable {
  public:
    explicit RefusalsTable(SqlDatabase& db);
    void apply(const Refusals& refusals);
    /// Deletes those whose last occurrence was an hour before `newest_ms`.
    void forget(UnixMs newest_ms);

  private:
    SqlStatement put_, trim_, forget_;
    UnixMs forgot_ms_{};
};

}  // namespace hp::stats
