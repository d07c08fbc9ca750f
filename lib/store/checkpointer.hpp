// Checkpoints that do not make the writer wait for the disk. The writer's thread copies pages from the WAL to
// the database without a sync; another thread syncs them. Until that is done a reader stays in the WAL, so
// that SQLite does not restart it: after a power cut the whole WAL is replayed, and a copied page that was
// lost does not matter.
//
// Not SQLite's own checkpoint on a second connection, which costs the same: before 3.51.3 (Debian 12
// has 3.40.1) commits may be lost where one connection checkpoints while another restarts the WAL
// (sqlite.org/wal.html#walresetbug).
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

#include "store/sqlite.hpp"

namespace hp::store {

/// A database's write-ahead log (WAL). A long-running reader blocks it: pages newer than its snapshot cannot
/// leave the WAL, which then grows with every commit.
struct LogState {
    std::uint64_t bytes{};   ///< in use; the file may be longer
    std::int64_t held_ms{};  ///< since when a reader keeps pages from being copied; 0: none does
};

class Checkpointer {
  public:
    /// `on_error` is called on any thread, once per operation. `db` is the writer's connection.
    Checkpointer(Database& db, std::function<void(const DbError&)> on_error);
    ~Checkpointer();  ///< waits for the sync

    /// On the writer's thread, after each group: `wal_pages` are in the WAL. Nothing else may checkpoint.
    void after_commit(int wal_pages);
    /// On any thread.
    LogState log_state() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::store
