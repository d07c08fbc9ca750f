#include "miner/tally.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "base/bytes.hpp"
#include "records/miner.hpp"
#include "records/write.hpp"

namespace hp::miner {
namespace {

std::string with_prefix(double value) {
    constexpr const char* prefixes[] = {"", "k", "M", "G", "T"};
    std::size_t step = 0;
    for (; value >= 1000 && step + 1 < std::size(prefixes); ++step) value /= 1000;
    return fmt::format("{:.2f} {}", value, prefixes[step]);
}

}  // namespace

void Latencies::add_us(std::uint64_t latency_us) {
    // Under 16 us a bucket is a microsecond; above, the four bits below the highest one choose it.
    std::size_t bucket = latency_us;
    if (latency_us >= 16) {
        const auto highest = static_cast<std::size_t>(std::bit_width(latency_us)) - 1;
        bucket = 16 * (highest - 3) + ((latency_us >> (highest - 4)) & 15);
    }
    ++buckets_[std::min(bucket, kBuckets - 1)];
    ++count_;
}

double Latencies::quantile_ms(double q) const {
    if (count_ == 0) return 0;
    const auto rank =
        std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(q * static_cast<double>(count_))));
    std::uint64_t seen = 0;
    std::size_t bucket = 0;
    for (; bucket < kBuckets - 1; ++bucket) {
        seen += buckets_[bucket];
        if (seen >= rank) break;
    }
    if (bucket < 16) return static_cast<double>(bucket + 1) / 1000;
    const std::size_t octave = bucket / 16;
    const double width = std::exp2(static_cast<double>(octave) - 1);
    return (static_cast<double>(16 + bucket % 16) + 1) * width / 1000;
}

void Tally::reject(std::string_view reason) {
    ++rejected;
    // The server chooses the reasons: a hostile one must not grow the map.
    std::string key = printable(reason, 64);
    if (!rejected_by_reason.contains(key) && rejected_by_reason.size() >= kReasonsMax) key = "other";
    ++rejected_by_reason[key];
}

std::string to_record(const Report& report) {
    const Tally& tally = report.tally;
    const records::MinerFigures figures{.elapsed_s = {std::round(report.elapsed_s * 1000) / 1000},
                                        .hash_rate_hps = {std::round(report.hash_rate_hps)},
                                        .hashes = report.hashes,
                                        .connections_open = report.connections_open,
                                        .connects = tally.connects,
                                        .disconnects = tally.disconnects,
                                        .shares_submitted = tally.submitted,
                                        .shares_accepted = tally.accepted,
                                        .shares_rejected = tally.rejected,
                                        .shares_dropped_stale = tally.dropped_stale,
                                        .rejected_by_reason = tally.rejected_by_reason,
                                        .ack_p50_ms = {tally.latencies.quantile_ms(0.50)},
                                        .ack_p99_ms = {tally.latencies.quantile_ms(0.99)},
                                        .quotes = tally.quotes,
                                        .quote_failures = tally.quote_failures,
                                        .ehash = tally.ehash};
    constexpr std::string_view kSource = "hp-miner";
    return report.is_summary ? records::json_of(records::MinerSummary{figures}, kSource, report.now_ms)
                             : records::json_of(records::MinerStatus{figures}, kSource, report.now_ms);
}

std::string to_status_line(const Report& report) {
    const Tally& tally = report.tally;
    return fmt::format("{}H/s  {} open  accepted {}  rejected {}  answer p50 {:.2f} ms p99 {:.2f} ms",
                       with_prefix(report.hash_rate_hps), report.connections_open, tally.accepted,
                       tally.rejected, tally.latencies.quantile_ms(0.50), tally.latencies.quantile_ms(0.99));
}

std::string to_summary(const Report& report) {
    const Tally& tally = report.tally;
    std::string out =
        fmt::format("{:.1f} s, {}H/s\nshares: {} submitted, {} accepted, {} rejected, {} dropped as stale\n",
                    report.elapsed_s, with_prefix(report.hash_rate_hps), tally.submitted, tally.accepted,
                    tally.rejected, tally.dropped_stale);
    for (const auto& [reason, count] : tally.rejected_by_reason)
        out += fmt::format("  rejected, {}: {}\n", reason, count);
    out += fmt::format("answers: p50 {:.2f} ms, p99 {:.2f} ms\n", tally.latencies.quantile_ms(0.50),
                       tally.latencies.quantile_ms(0.99));
    if (tally.quotes + tally.quote_failures > 0)
        out += fmt::format("quotes: {}, {} ehash; refused: {}\n", tally.quotes, tally.ehash,
                           tally.quote_failures);
    return out;
}

}  // namespace hp::miner
