// The time series in SQLite: by minute for kMinutesKept, totals for ever. One process writes; others read the
// same file while it does.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stats/batch.hpp"

namespace hp::stats {

/// Minutes are kept this long; the totals hold what was in them. 90 days.
inline constexpr std::int64_t kMinutesKept = 90 * 24 * 60;

/// The writer's side.
class Series {
  public:
    /// Opens or creates; another program's database, a newer one, or one that is being written is an error.
    static Result<Series> open(const std::string& path);
    Series(Series&&) noexcept;
    ~Series();

    /// Adds all of a batch in one transaction; when this returns it is on disk.
    Result<> commit(const Batch& batch, UnixMs now);

  private:
    struct Impl;
    explicit Series(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What was read out of a database, over a window of time.
struct Snapshot {
    /// Nothing: everything that was ever recorded.
    std::optional<std::int64_t> minutes{};
    /// The window in the records' own time: it ends with the newest record, so that the figures of a run that
    /// is over stay what they were.
    UnixMs from_ms{}, to_ms{};
    UnixMs first_record_ms{}, last_record_ms{};
    std::uint64_t records{}, unknown{}, damaged{};              ///< ever, not by window
    std::map<std::string, std::map<std::string, Sums>> series;  ///< by name and label
    std::map<std::string, LatencyCounts> latencies;
    std::map<std::string, std::map<std::string, Gauge>> gauges;  ///< by source and field

    Sums sum(const std::string& name) const;
    const std::map<std::string, Sums>& labels(const std::string& name) const;
    Percentiles latency(const std::string& name) const;
    /// The newest value that any source gave.
    std::optional<Gauge> gauge(const std::string& field) const;
    double seconds() const { return static_cast<double>(to_ms - from_ms) / 1000; }
};

/// Reads the last `minutes` (whole ones and the one that is running), or all. Never writes.
Result<Snapshot> read_snapshot(const std::string& path, std::optional<std::int64_t> minutes);

}  // namespace hp::stats
