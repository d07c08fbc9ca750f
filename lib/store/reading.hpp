// Reads another program's database, whether that is running or not, without changing it.
//
// A live database, or one whose process was killed and left a -wal, is read beside its writer, by SQLite's
// own rules. A database in WAL mode without a -wal is not in use: it is read frozen, since SQLite would
// create a -wal and a -shm that stay, owned by the reader. A rollback journal left by a killed process is
// rolled back in a private copy.
#pragma once
#include <sys/stat.h>

#include "store/sqlite.hpp"

namespace hp::store {

class Reading {
  public:
    /// Opens, and takes a snapshot. `schema_version` is the only one that the reader knows.
    static Result<Reading> open(const std::string& path, std::int32_t application_id,
                                std::size_t schema_version);

    Database& db() { return db_; }
    /// Releases the snapshot: writers with a rollback journal wait for it.
    void release();
    /// Takes a new snapshot.
    void renew();
    /// Whether it was read frozen and has been opened since: what was read may be inconsistent, and must be
    /// read again.
    bool is_disturbed() const;

  private:
    explicit Reading(Database db) : db_{std::move(db)} {}
    Database db_;
    std::string frozen_path_;  ///< empty: not frozen
    struct stat frozen_as_ {};
};

}  // namespace hp::store
