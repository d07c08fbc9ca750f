// The records that hp-stats writes into its own database.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct StatsStatus {
    static constexpr Info info{
        "stats_status",
        "How hp-stats ingest is, every two seconds. It stands in its database only, and is no "
        "sign that records come.",
        true};
    static constexpr Doc docs[]{{"records", "that were read since the start"},
                                {"records_damaged", "of these, those that were damaged"}};
    std::int64_t started_ms{};
    std::uint64_t records{}, records_damaged{};
    std::uint64_t log_lines_dropped{};
};
BOOST_DESCRIBE_STRUCT(StatsStatus, (), (started_ms, records, records_damaged, log_lines_dropped))

using StatsRecords = boost::mp11::mp_list<StatsStatus>;

}  // namespace hp::records
