// Latencies as histograms, so that a percentile over any time only costs adding up counts.
#pragma once
#include <cstdint>
#include <map>

namespace hp::stats {

/// A bucket's number. Whole milliseconds below 128 have a bucket each; above, an octave has 64 of them, so
/// that the middle of a bucket is less than 0.8 % off any value in it. Values above 2^40 ms count as 2^40.
std::uint32_t latency_bucket(std::uint64_t latency_ms);
/// The value that represents a bucket: its middle.
std::uint64_t bucket_middle_ms(std::uint32_t bucket);

/// Values by bucket.
using LatencyCounts = std::map<std::uint32_t, std::uint64_t>;

struct Percentiles {
    std::uint64_t count{};
    std::uint64_t p50_ms{}, p99_ms{}, max_ms{};  ///< 0 when count is 0
    friend bool operator==(const Percentiles&, const Percentiles&) = default;
};
/// Nearest rank: the smallest value that at least a fraction q of all values does not exceed.
Percentiles percentiles(const LatencyCounts& counts);

}  // namespace hp::stats
