// Adds records to the series, in groups: shared by all ways of ingest.
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

/// A record is on disk at most this long after it arrived.
inline constexpr SteadyMs kCommitAfterMs = 200;
/// And how often to retry when the disk is full or the database locked.
inline constexpr SteadyMs kTryAgainMs = 500;
/// How often the status is sent to the service manager, and to the series.
inline constexpr SteadyMs kStatusMs = 2'000;

class Intake {
  public:
    /// `wal_alarm_bytes`: size of the WAL of `database` that raises an alarm; 0: never.
    Intake(stats::Series series, std::string database, std::uint64_t wal_alarm_bytes)
        : series_{std::move(series)},
          database_{std::move(database)},
          log_watch_{database_, wal_alarm_bytes} {}

    /// `writer` names its writer, for reports of damage; may be empty.
    void add(const wire::ReadRecord& record, const std::string& writer);
    bool is_empty() const { return batch_.is_empty(); }
    /// Whether enough are waiting that they should be committed, to limit memory.
    bool is_full() const;
    /// If the disk is full or the database locked, the records stay, and commit() must be called again after
    /// kTryAgainMs: is_waiting(). Any other failure is an error.
    Result<> commit();
    bool is_waiting() const { return waiting_since_ms_.has_value(); }
    /// A record added now would be dropped.
    bool takes_no_more() const { return is_waiting() && is_full(); }
    /// The last commit, and adding up. If records are still waiting they are lost: an error.
    Result<> finish();
    /// Sends the status to the service manager and, for a service, to the series: then is_empty() is false.
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
