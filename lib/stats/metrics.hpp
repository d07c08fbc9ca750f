// Figures in Prometheus' text form (exposition format 0.0.4).
#pragma once
#include <string>

#include "stats/reader.hpp"

namespace hp::stats {

struct MetricsOptions {
    double uptime_s{};
    /// The newest record is old: then there is no hash rate, rather than the last one for ever.
    bool is_stale{false};
    /// Workers that get a series each, those with the most work; the others are added up as "other". 0: none,
    /// as names of workers are their owners' business, and each is a series in every collector.
    std::size_t workers_max{0};
    std::optional<std::uint64_t> wal_bytes{};          ///< of the series' own write-ahead log
    std::optional<std::uint64_t> log_lines_dropped{};  ///< by who serves this page
};

/// Counters are of all records ever read, so that they grow through restarts of everything. The hash rates
/// are of `window`, 5 minutes.
std::string metrics_text(const Snapshot& ever, const Snapshot& window, const MetricsOptions& options);

}  // namespace hp::stats
