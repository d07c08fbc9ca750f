// The records that hp-stats writes into its own database.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct StatsStatus {
    static constexpr Info info{"stats_status",
                               "The state of hp-stats ingest, every two seconds. It is only in its own "
                               "database, and does not show that records arrive.",
                               true};
    static constexpr Doc docs[]{{"records", "records read since the start"},
                                {"records_damaged", "of these, damaged ones"}};
    std::int64_t started_ms{};
    std::uint64_t records{}, records_damaged{};
    std::uint64_t log_lines_dropped{};
};
BOOST_DESCRIBE_STRUCT(StatsStatus, (), (started_ms, records, records_damaged, log_lines_dropped))

using StatsRecords = boost::mp11::mp_list<StatsStatus>;

}  // namespace hp::records
