// Reads the series, even while the writer writes. Never writes.
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stats/batch.hpp"
#include "stats/levels.hpp"

namespace hp::stats {

/// What was read from a database, over a window of time.
struct Snapshot {
    /// Nothing: everything ever recorded.
    std::optional<std::int64_t> minutes{};
    /// The window in the records' own time: it ends with the newest record, so that the figures of a finished
    /// run do not change.
    UnixMs from_ms{}, to_ms{};
    UnixMs first_record_ms{}, last_record_ms{};
    std::uint64_t records{}, unknown{}, damaged{};              ///< total, not limited to the window
    std::map<std::string, std::map<std::string, Sums>> series;  ///< by name and label
    std::map<std::string, LatencyCounts> latencies;
    std::map<std::string, std::map<std::string, Gauge>> gauges;  ///< by source and field

    /// Whether a program wrote anything in the window; otherwise a 0 means nothing.
    bool has_heard(const std::string& source) const {
        return labels(std::string(kRecordSeries)).contains(source);
    }
    Sums sum(const std::string& name) const;
    const std::map<std::string, Sums>& labels(const std::string& name) const;
    Percentiles latency(const std::string& name) const;
    /// Submitted blocks that are in the chain, including later changes; nothing if blocks were found but no
    /// hp-template reported any.
    std::optional<std::int64_t> blocks_accepted() const;
    /// The newest value from any source.
    std::optional<Gauge> gauge(const std::string& field) const;
    double seconds() const { return static_cast<double>(to_ms - from_ms) / 1000; }
    /// Those of them without records from the pool: then shares are unknown.
    double unheard_s{};
    /// The time span of a hash rate.
    double seen_seconds() const { return std::max(seconds() - unheard_s, 0.0); }
};

/// One slot of a history.
struct HistoryRow {
    UnixMs from_ms{};
    /// The slot's seconds between the first and the newest record in which the series' writer (writer_of())
    /// sent records.
    double seconds{};
    /// There were records from the writer, or any record if the series has no writer; otherwise there is no
    /// data, and 0 would be wrong.
    bool is_observed{};
    Sums sums{};
    std::optional<Range> gauge{};
};

struct HistoryQuery {
    /// A series, or, if `is_gauge`, a field of status records.
    std::string name;
    bool is_gauge{false};
    std::optional<std::string> label{};  ///< nothing: all labels together
    UnixMs from_ms{}, to_ms{};
    /// Minimum length of a slot; longer ones are returned where nothing that fine is kept any more.
    std::size_t level{};
};

/// Channels of one connection to the pool, or a miner of the proxy.
struct LiveConnection {
    std::int64_t connection{};
    std::int64_t extended{}, standard{};  ///< channels
    UnixMs opened_ms{};                   ///< of its oldest channel
    Sums rate{};                          ///< see LiveRow
    std::string json;                     ///< the last record of one of its channels
};
struct LiveQuery {
    std::string source;
    std::optional<std::int64_t> connection{};  ///< only this one
    bool is_by_rate{false};                    ///< highest first; otherwise by id
    std::int64_t offset{0}, limit{100};
};
template <class T>
struct LivePage {
    std::int64_t total{}, standard{};  ///< of which this many are, or have, standard channels
    std::vector<T> items;
};

/// One kind of refusal, and how often recently.
struct RefusedRow {
    RefusedKey key;
    Refused what;
};

/// Whether a snapshot names each worker, or sums them up under kOtherLabel: a pool has thousands, with a row
/// for each in every slot.
enum class Workers { named, together };

class Reader {
  public:
    /// A file that is not ours, or newer than this program, is an error.
    static Result<Reader> open(const std::string& path);
    Reader(Reader&&) noexcept;
    ~Reader();

    /// The last `minutes` (whole ones and the current one) or all, up to the newest record or the whole
    /// minute before `until`.
    Result<Snapshot> snapshot(std::optional<std::int64_t> minutes, std::optional<UnixMs> until = {},
                              Workers workers = Workers::named);
    /// Oldest first; every slot of the query's time between the first and the newest record.
    Result<std::vector<HistoryRow>> history(const HistoryQuery& query);
    /// Everything ever recorded: names of series, labels of one, fields of status records.
    Result<std::vector<std::string>> series_names();
    Result<std::vector<std::string>> label_names(const std::string& series);
    Result<std::vector<std::string>> gauge_names();
    /// Times of the oldest and the newest record; nothing if there are none.
    Result<std::optional<std::pair<UnixMs, UnixMs>>> times();
    /// Current ones, in the records' own time.
    Result<LivePage<LiveConnection>> connections(const LiveQuery& query);
    Result<LivePage<LiveRow>> channels(const LiveQuery& query);
    /// Refusals of the hour before the newest record, latest first; `total` counts all.
    Result<LivePage<RefusedRow>> refused(std::int64_t offset, std::int64_t limit);
    /// A source's sum.
    Result<Sums> rate(const std::string& source);

  private:
    struct Impl;
    explicit Reader(std::unique_ptr<Impl> impl);
    template <class Call>
    auto at_one_moment(Call call) -> Result<decltype(call())>;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::stats
