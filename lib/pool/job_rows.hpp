// The outbox's table of jobs: what shares' coinbases were made of, each once.
#pragma once
#include <optional>
#include <vector>

#include "pool/outbox.hpp"

namespace hp::pool {

/// On the writer's thread.
class JobRows {
  public:
    /// Shares refer to a job's row for this long after it was written, then to a new one, so that an old row
    /// has no new readers when it is archived.
    static constexpr UnixMs kReferredMs = 12 * 3600 * 1000;

    explicit JobRows(store::Database& db);
    /// The row of the share's job, written if there is none yet. Nothing: the job is not known.
    std::optional<std::int64_t> row_of(const NewIntent& share);
    /// After a rollback: rows that were written may be gone.
    void forget() { known_.clear(); }

  private:
    /// Jobs whose rows are known without a look into the table.
    static constexpr std::size_t kKnownMax = 32;
    struct Known {
        std::shared_ptr<const mining::ExtendedJob> job;
        std::int64_t id{};
        UnixMs first_ms{};
    };
    store::Statement find_, insert_;
    std::vector<Known> known_;  // newest first; each is in its table, or in the open transaction
};

}  // namespace hp::pool
