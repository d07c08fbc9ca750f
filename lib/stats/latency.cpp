#include "stats/latency.hpp"

#include <algorithm>
#include <bit>

namespace hp::stats {
namespace {

constexpr std::uint64_t kExactBelowMs = 128;
constexpr unsigned kBitsOfOctave = 6;  // 64 buckets
constexpr std::uint64_t kLatencyMsMax = std::uint64_t{1} << 40;

}  // namespace

std::uint32_t latency_bucket(std::uint64_t latency_ms) {
    latency_ms = std::min(latency_ms, kLatencyMsMax);
    if (latency_ms < kExactBelowMs) return static_cast<std::uint32_t>(latency_ms);
    // The highest bit and the six after it: octave and place in the octave.
    const unsigned shift = static_cast<unsigned>(std::bit_width(latency_ms)) - (kBitsOfOctave + 1);
    return static_cast<std::uint32_t>((shift << kBitsOfOctave) + (latency_ms >> shift));
}

std::uint64_t bucket_middle_ms(std::uint32_t bucket) {
    if (bucket < kExactBelowMs) return bucket;
    const unsigned shift = (bucket >> kBitsOfOctave) - 1;
    const std::uint64_t place = bucket - (shift << kBitsOfOctave);
    return (place << shift) + ((std::uint64_t{1} << shift) - 1) / 2;
}

Percentiles percentiles(const LatencyCounts& counts) {
    Percentiles out;
    for (const auto& [bucket, count] : counts) out.count += count;
    if (out.count == 0) return out;
    const auto at_rank = [&](std::uint64_t rank) {
        std::uint64_t seen = 0;
        for (const auto& [bucket, count] : counts) {
            seen += count;
            if (seen >= rank) return bucket_middle_ms(bucket);
        }
        return bucket_middle_ms(counts.rbegin()->first);
    };
    out.p50_ms = at_rank(out.count / 2 + out.count % 2);
    // The ceiling of 99/100 of the count, without overflow.
    out.p99_ms = at_rank(out.count - out.count / 100);
    out.max_ms = bucket_middle_ms(counts.rbegin()->first);
    return out;
}

}  // namespace hp::stats
