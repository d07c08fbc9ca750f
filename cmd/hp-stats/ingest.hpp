// hp-stats ingest: records into a database, by one of its two ways.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "cli/daemon.hpp"
#include "recordio/record_listener.hpp"
#include "stats/series.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {

struct IntoDatabase {
    std::string database;
    stats::Retention retention;
    std::uint64_t wal_alarm_bytes{};  ///< WAL size that raises an alarm; 0: never
};

/// From `input` ("-" is stdin) until its end, SIGTERM or SIGINT. What is not read stays with its writer:
/// there is no loop, and a commit is waited for.
Result<> read_records(const IntoDatabase& into, const std::string& input, std::function<void()> on_hangup);

struct Sources {
    std::optional<std::string> unix_path{};             ///< nothing: no Unix socket
    std::optional<std::string> pipe{};                  ///< a FIFO, "-" for stdin; nothing: no pipe
    std::optional<recordio::NoiseRecordOptions> noise;  ///< nothing: not from other machines
};
/// From the programs that connect, all at once.
Result<std::unique_ptr<cli::Parts>> collect(const IntoDatabase& into, const Sources& sources,
                                            cli::Daemon& daemon);

}  // namespace hp::hp_stats
