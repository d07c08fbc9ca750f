// The sums of a batch of event records: counts, amounts and work by minute and label, latencies, and the last
// values of status records. Pure; series.hpp stores it.
#pragma once
#include <compare>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "stats/latency.hpp"
#include "stats/live.hpp"
#include "stats/refusals.hpp"
#include "stats/sums.hpp"

namespace hp::wire {
struct ReadRecord;
}

namespace hp::stats {

/// What sums are kept by.
inline constexpr UnixMs kMinuteMs = 60'000;

/// One series at one label: "share_accepted" by worker, "share_rejected" by reason; the label may be empty.
struct SeriesKey {
    std::string name;
    std::string label;
    friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

/// Last value of a field of a status record, as JSON in printable ASCII.
struct Gauge {
    std::string json;
    UnixMs ts_ms{};
};

/// The values of a status record's number over a minute. Booleans are 0 and 1.
struct Range {
    double low{}, high{}, last{};
    UnixMs last_ms{};
};

/// The series that counts all records, by source: if it has none, there is no data.
inline constexpr std::string_view kRecordSeries = "record";

/// The seconds of a minute, as bits: those with records from a source.
using SecondsMask = std::uint64_t;
inline constexpr SecondsMask kWholeMinute = (SecondsMask{1} << 60) - 1;
/// Programs write their status every second: a pause of this length means that records are missing.
inline constexpr UnixMs kHeardGapMs = 5'000;

/// Maximum labels of a series over the life of a Batch; further ones count as kOtherLabel. Miners choose the
/// names of workers: the limit keeps them from choosing the size of the database too.
inline constexpr std::size_t kLabelsMax = 20'000;
inline constexpr std::string_view kOtherLabel = "(other)";
/// Bytes of a label.
inline constexpr std::size_t kLabelSizeMax = 255;
/// A record may be this far ahead of our clock; beyond that it is damaged.
inline constexpr UnixMs kAheadMsMax = 24 * 3600 * 1000;

class Batch {
  public:
    Batch();
    ~Batch();

    /// Adds a record; `now` is our clock. An undeclared type is counted as unknown. An error says why a
    /// record of a known type is damaged; then only the damage is counted.
    Result<> add(const wire::ReadRecord& record, UnixMs now);
    /// A record that the reader found damaged.
    void add_damaged() { ++damaged_; }
    /// The record reader's own status record, whose values are kept. It does not count as a received record,
    /// so that figures do not look fresh because of it. REQUIRES: it came from read_record().
    void add_own(const wire::ReadRecord& status);
    /// Forgets what was added, except the known labels.
    void clear();
    bool is_empty() const { return records_ + damaged_ == 0 && gauges_.empty(); }

    using Minute = std::int64_t;  ///< of a record: ts_ms / kMinuteMs
    const std::map<std::pair<Minute, SeriesKey>, Sums>& sums() const { return sums_; }
    const std::map<std::pair<Minute, std::string>, LatencyCounts>& latencies() const { return latencies_; }
    /// By source and field.
    const std::map<std::pair<std::string, std::string>, Gauge>& gauges() const { return gauges_; }
    struct RangeKey {
        Minute minute;
        std::string source, field;
        friend auto operator<=>(const RangeKey&, const RangeKey&) = default;
    };
    const std::map<RangeKey, Range>& ranges() const { return ranges_; }
    /// By source: the seconds with one of its records, and those between two of its records at most
    /// kHeardGapMs apart.
    const std::map<std::pair<Minute, std::string>, SecondsMask>& heard() const { return heard_; }
    const LiveChanges& live() const { return live_; }
    const Refusals& refusals() const { return refusals_; }

    std::uint64_t records() const { return records_; }  ///< not damaged, unknown ones too
    std::uint64_t unknown() const { return unknown_; }
    std::uint64_t damaged() const { return damaged_; }
    /// Times of the oldest and the newest record. REQUIRES: records() > 0.
    UnixMs first_ms() const { return *first_ms_; }
    UnixMs last_ms() const { return last_ms_; }

  private:
    struct Parser;
    struct Value;
    void add_status(const wire::ReadRecord& record, Minute minute, const std::string& source,
                    std::string_view field, const Value& value);
    std::string admit(std::string_view series, std::string label);
    void hear(const std::string& source, UnixMs ts_ms);

    std::unique_ptr<Parser> parser_;
    std::map<std::pair<Minute, SeriesKey>, Sums> sums_;
    std::map<std::pair<Minute, std::string>, LatencyCounts> latencies_;
    std::map<std::pair<std::string, std::string>, Gauge> gauges_;
    std::map<RangeKey, Range> ranges_;
    std::map<std::pair<Minute, std::string>, SecondsMask> heard_;
    std::map<std::string, UnixMs> heard_last_ms_;  ///< kept, so that consecutive batches connect
    LiveChanges live_;
    Refusals refusals_;
    std::map<std::string, std::set<std::string>> labels_;
    std::uint64_t records_{0}, unknown_{0}, damaged_{0};
    std::optional<UnixMs> first_ms_;
    UnixMs last_ms_{0};
};

}  // namespace hp::stats
