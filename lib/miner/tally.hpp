// Statistics: shares by verdict, and how long answers took.
#pragma once
#include <array>
#include <map>
#include <string>

#include "base/clock.hpp"

namespace hp::miner {

/// Durations in buckets a sixteenth of a power of two wide: quantiles within 6.25 %, in constant memory.
class Latencies {
  public:
    void add_us(std::uint64_t latency_us);
    std::uint64_t count() const { return count_; }
    /// The upper edge of the quantile's bucket, in milliseconds; 0 if nothing was added.
    double quantile_ms(double q) const;

  private:
    static constexpr std::size_t kBuckets = 16 * 48;
    std::array<std::uint64_t, kBuckets> buckets_{};
    std::uint64_t count_{0};
};

struct Tally {
    std::uint64_t submitted{}, accepted{}, rejected{};
    std::uint64_t dropped_stale{};  ///< found for a job that became stale before they were sent
    std::uint64_t quotes{}, quote_failures{};
    std::uint64_t ehash{};  ///< sum of the quotes' amounts
    std::uint64_t connects{}, disconnects{};
    std::map<std::string, std::uint64_t> rejected_by_reason;  ///< at most kReasonsMax, then "other"
    Latencies latencies;

    static constexpr std::size_t kReasonsMax = 32;
    void reject(std::string_view reason);
};

/// The data of a status line, a record or the summary.
struct Report {
    bool is_summary{};
    UnixMs now_ms{};
    double elapsed_s{};
    double hash_rate_hps{};          ///< since the last report; the summary's is the mean
    std::uint64_t hashes{};          ///< in all
    std::size_t connections_open{};  ///< with an open channel
    const Tally& tally;
};
/// One record of type miner_status or miner_summary, without the newline. Architecture, section 7.
std::string to_record(const Report& report);
/// One line for a terminal.
std::string to_status_line(const Report& report);
/// The final summary as text.
std::string to_summary(const Report& report);

}  // namespace hp::miner
