// Somebody else's database, of a living process or of a dead one, to look at and leave as it is.
//
// A live database, or one whose process was killed and left a -wal, is read beside its writer, by SQLite's
// own rules. A database in WAL mode without a -wal is nobody's: it is read frozen, since SQLite would make a
// -wal and a -shm for it that stay, owned by whoever looked. A rollback journal that a killed process left is
// rolled back in a private copy.
#pragma once
#include <sys/stat.h>

#include "store/sqlite.hpp"

namespace hp::store {

class Reading {
  public:
    /// Opens, and takes a snapshot. `schema_version` is the newest that the reader knows, and the only one.
    static Result<Reading> open(const std::string& path, std::int32_t application_id,
                                std::size_t schema_version);

    Database& db() { return db_; }
    /// Lets go of the snapshot: writers of a rollback journal wait for it.
    void release();
    /// A snapshot of now.
    void renew();
    /// Whether it was read frozen and somebody has come since: what was read may be no one moment's, and must
    /// be read again.
    bool is_disturbed() const;

  private:
    explicit Reading(Database db) : db_{std::move(db)} {}
    Database db_;
    std::string frozen_path_;  ///< empty: not frozen
    struct stat frozen_as_ {};
};

}  // namespace hp::store
