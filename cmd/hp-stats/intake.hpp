// Records into the series, in groups: what the ways of ingest share.
#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "log/log.hpp"
#include "net/sd_notify.hpp"
#include "stats/series.hpp"
#include "store/log_watch.hpp"
#include "wire/records.hpp"

namespace hp::hp_stats {

/// A record is on disk at most this long after it came.
inline constexpr SteadyMs kCommitAfterMs = 200;
/// And how often one that had no room, or was locked by somebody else, is tried again.
inline constexpr SteadyMs kTryAgainMs = 500;
/// How often the service manager hears of the records, and the series of ingest itself.
inline constexpr SteadyMs kStatusMs = 2'000;

class Intake {
  public:
    /// `wal_alarm_bytes`: an alarm when the log of `database` has so many; 0: never.
    Intake(stats::Series series, std::string database, std::uint64_t wal_alarm_bytes)
        : series_{std::move(series)},
          database_{std::move(database)},
          log_watch_{database_, wal_alarm_bytes} {}

    /// `writer` says whose it is, for the report of damage; it may be empty.
    void add(const wire::ReadRecord& record, const std::string& writer);
    bool is_empty() const { return batch_.is_empty(); }
    /// Whether so many wait that memory wants them to go.
    bool is_full() const;
    /// Where the database has no room, or is locked, the records stay, and commit() is to be called again
    /// after kTryAgainMs: is_waiting(). Any other failure is an error.
    Result<> commit();
    bool is_waiting() const { return waiting_since_ms_.has_value(); }
    /// A record that comes now would be dropped.
    bool takes_no_more() const { return is_waiting() && is_full(); }
    /// The last commit, and what there is to add up. What waits until now is lost: an error.
    Result<> finish();
    /// To the service manager, and where this is a service into the series: then is_empty() is false.
    void tell_status();

  private:
    void look_at_log();
    void alarm(const std::string& what);
    void end_of_wait();
    stats::Series series_;
    std::string database_;
    store::LogWatch log_watch_;
    SteadyMs look_ms_{0};
    stats::Batch batch_;
    net::StatusLine status_line_;
    log::Limited warn_damaged_{log::Level::warn};
    const UnixMs started_ms_{unix_ms_now()};
    const SteadyMs begun_ms_{steady_ms_now()};
    std::uint64_t records_{0}, unknown_{0}, damaged_{0}, dropped_{0};
    std::optional<SteadyMs> waiting_since_ms_;
    std::string waits_for_;
};

}  // namespace hp::hp_stats
