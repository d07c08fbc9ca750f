// Checkpoints whose waiting for the disk is not the writer's. The writer's thread copies pages from the log
// to the database without a sync; another thread syncs them. Until that is done a reader stands in the log,
// so that SQLite does not begin it anew: after a power cut the whole log is played again, and a page that was
// copied and lost is of no matter.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "store/sqlite.hpp"

namespace hp::store {

/// A database's write-ahead log. A reader that stays holds it: what came after its snapshot cannot leave the
/// log, which then grows with every commit.
struct LogState {
    std::uint64_t bytes{};   ///< in use; the file may be longer
    std::int64_t held_ms{};  ///< since when a reader has kept pages from being copied; 0: none does
};

class Checkpointer {
  public:
    /// `on_error` is called on any thread, once an operation. `db` is the writer's connection.
    Checkpointer(Database& db, std::function<void(const DbError&)> on_error);
    ~Checkpointer();  ///< waits for the sync

    /// On the writer's thread, after each group: `wal_pages` are in the log. Nobody else may checkpoint.
    void after_commit(int wal_pages);
    /// On any thread.
    LogState log_state() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::store
