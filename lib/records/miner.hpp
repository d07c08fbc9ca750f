// The records of hp-miner, written to stdout with --json.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct MinerFigures {
    static constexpr bool is_inline = true;
    Real elapsed_s{};
    Real hash_rate_hps{};
    std::uint64_t hashes{};
    std::uint64_t connections_open{}, connects{}, disconnects{};
    std::uint64_t shares_submitted{}, shares_accepted{}, shares_rejected{}, shares_dropped_stale{};
    Counts rejected_by_reason{};
    Real ack_p50_ms{}, ack_p99_ms{};
    std::uint64_t quotes{}, quote_failures{}, ehash{};
};
BOOST_DESCRIBE_STRUCT(MinerFigures, (),
                      (elapsed_s, hash_rate_hps, hashes, connections_open, connects, disconnects,
                       shares_submitted, shares_accepted, shares_rejected, shares_dropped_stale,
                       rejected_by_reason, ack_p50_ms, ack_p99_ms, quotes, quote_failures, ehash))

struct MinerStatus {
    static constexpr Info info{"miner_status", "What it has done since its start, every second.", true};
    MinerFigures figures{};
};
BOOST_DESCRIBE_STRUCT(MinerStatus, (), (figures))

struct MinerSummary {
    static constexpr Info info{"miner_summary", "The same, at the end.", true};
    MinerFigures figures{};
};
BOOST_DESCRIBE_STRUCT(MinerSummary, (), (figures))

using MinerRecords = boost::mp11::mp_list<MinerStatus, MinerSummary>;

}  // namespace hp::records
