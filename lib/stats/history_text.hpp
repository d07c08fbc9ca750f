// A history as a table, CSV or JSON.
#pragma once
#include <span>
#include <string>

#include "stats/reader.hpp"

namespace hp::stats {

enum class Format { table, csv, json };

/// JSON: one object on one line; its members and the columns of CSV are in man 1 hp-stats. `with_sparkline`:
/// the table has a sparkline above its rows.
std::string history_text(const HistoryQuery& query, std::span<const HistoryRow> rows, Format format,
                         bool with_sparkline);
/// Workers of the series with the most work first, then the most shares, at most `count`.
std::string top_text(const Snapshot& snapshot, const std::string& series, std::size_t count, Format format);
/// Percentiles of each latency.
std::string latency_text(const Snapshot& snapshot, Format format);

}  // namespace hp::stats
