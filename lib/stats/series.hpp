// The time series in SQLite: in slots of a minute up to a day, each kept for a while, and totals for ever.
// One process writes; others may read the file meanwhile (reader.hpp).
#pragma once
#include <memory>
#include <string>

#include "stats/batch.hpp"
#include "stats/levels.hpp"

namespace hp::stats {

/// The writer's side.
class Series {
  public:
    /// Opens or creates; another program's database, a newer one, or one that is being written is an error.
    static Result<Series> open(const std::string& path, Retention retention = {});
    Series(Series&&) noexcept;
    ~Series();

    /// Adds a batch in one transaction; it is on disk on return. Finished slots are added up, and old ones
    /// deleted: old compared to the newest record, not to our clock, so that an old file read today keeps its
    /// minutes.
    Result<> commit(const Batch& batch, UnixMs now);
    /// Whether the last call failed because of a full disk or a lock: the same batch may be committed later.
    bool may_come_later() const;
    /// One commit does a limited part of that. Does one more part; returns whether there is more to do.
    Result<bool> catch_up(UnixMs now);

  private:
    struct Impl;
    explicit Series(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::stats
