// Checkpoints whose waiting for the disk is not the writer's. The writer's thread copies pages from the log
// to the database without a sync; another thread syncs them. Until that is done a reader stands in the log,
// so that SQLite does not begin it anew: after a power cut the whole log is played again, and a page that was
// copied and lost is of no matter.
#pragma once
#include <atomic>
#include <functional>
#include <memory>

#include "store/sqlite.hpp"

namespace hp::store {

class Checkpointer {
  public:
    /// `on_error` is called on any thread, once an operation. `db` is the writer's connection.
    Checkpointer(Database& db, std::function<void(const DbError&)> on_error);
    ~Checkpointer();  ///< waits for the sync

    /// On the writer's thread, after each group: `wal_pages` are in the log. Nobody else may checkpoint.
    void after_commit(int wal_pages);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::store
