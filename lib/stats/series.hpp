// The time series in SQLite: in slots of a minute up to a day, each kept for a while, and totals for ever.
// One process writes; others read the same file while it does (reader.hpp).
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

    /// Adds all of a batch in one transaction; when this returns it is on disk. Slots that are over are added
    /// up, and old ones forgotten: old by the newest record, not by our clock, so that an old file that is
    /// read today keeps its minutes.
    Result<> commit(const Batch& batch, UnixMs now);
    /// Whether the last call failed for want of room, or of a lock: the same batch may be committed later.
    bool may_come_later() const;
    /// One commit does a bounded part of that. Does one more; whether there is still more to do.
    Result<bool> catch_up(UnixMs now);

  private:
    struct Impl;
    explicit Series(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::stats
