// Figures in Prometheus text format (exposition format 0.0.4).
#pragma once
#include <string>

#include "stats/reader.hpp"

namespace hp::stats {

struct MetricsOptions {
    double uptime_s{};
    /// The newest record is old: then omit the hash rate, instead of showing the last one for ever.
    bool is_stale{false};
    /// Number of workers with their own series, those with the most work; the others are summed up as
    /// "other". 0: none, as workers' names are private, and each is a series in every collector.
    std::size_t workers_max{0};
    std::optional<std::uint64_t> wal_bytes{};          ///< of the series' own write-ahead log
    std::optional<std::uint64_t> log_lines_dropped{};  ///< of the program that serves this page
};

/// Counters cover all records ever read, so that they keep growing across restarts. The hash rates are of
/// `window`, 5 minutes.
std::string metrics_text(const Snapshot& ever, const Snapshot& window, const MetricsOptions& options);

}  // namespace hp::stats
