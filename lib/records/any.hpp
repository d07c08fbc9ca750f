// Records that every program writes, and fields shared by several records. man/hp-records.5.
#pragma once
#include "records/record.hpp"

namespace hp::records {

using Share = Word<&share_refusal_labels>;

/// Counts of a channel's shares by outcome.
struct Tally {
    static constexpr bool is_inline = true;
    std::uint64_t shares_accepted{}, shares_rejected{};
    double work_hashes{};
    std::optional<std::int64_t> last_share_ms{};
    double window_s{};
    std::uint64_t window_shares{};
    double window_work_hashes{}, window_work_squared{}, window_work_max{};
};
BOOST_DESCRIBE_STRUCT(Tally, (),
                      (shares_accepted, shares_rejected, work_hashes, last_share_ms, window_s, window_shares,
                       window_work_hashes, window_work_squared, window_work_max))

/// The shares of one worker of a channel or a miner.
struct WorkerCounts {
    std::string_view worker{};
    std::uint64_t shares_accepted{}, shares_rejected{};
    double work_hashes{};
};
BOOST_DESCRIBE_STRUCT(WorkerCounts, (), (worker, shares_accepted, shares_rejected, work_hashes))

/// Keeps the record below the size limit of hp-stats, whatever the names are.
inline constexpr std::size_t kWorkersBytesMax = 1'000;

struct Alarm {
    static constexpr Info info{"alarm", "Something that needs attention.", true};
    static constexpr Doc docs[]{{"what", "what it is, as a sentence"}};
    static constexpr Series series[]{{}};
    static constexpr Metric metrics[]{{"hashpool_alarms_total", "Alarms: things that need attention."}};
    std::string_view what{};
};
BOOST_DESCRIBE_STRUCT(Alarm, (), (what))

struct EventsDropped {
    static constexpr Info info{
        "events_dropped",
        "A slow reader made the writer drop records; they are missing just before this one."};
    static constexpr Doc docs[]{{"count", "records dropped"}};
    static constexpr Series series[]{{.count = "count"}};
    static constexpr Metric metrics[]{{"hashpool_events_dropped_total",
                                       "Records dropped by their writers because the reader was too slow."}};
    std::uint64_t count{};
};
BOOST_DESCRIBE_STRUCT(EventsDropped, (), (count))

using AnyRecords = boost::mp11::mp_list<Alarm, EventsDropped>;

}  // namespace hp::records
