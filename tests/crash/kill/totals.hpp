// The lanes' counters, in shared memory.
#pragma once
#include <atomic>
#include <cstdint>

namespace hp::crash {

inline constexpr std::size_t kPointsMax = 96;

struct PointTotals {
    std::atomic<std::uint64_t> reached, killed, recovered, killed_in_recovery;
};

struct Totals {
    std::atomic<std::uint64_t> next_epoch, rounds, named_rounds, random_rounds, failed_rounds, not_reached,
        kills, recovery_kills, shares_sent, shares_promised, resent;
    std::atomic<std::uint64_t> random_by_count[4];  ///< rounds that killed 1, 2, 3 at random
    /// Where a round's time goes, microseconds.
    std::atomic<std::uint64_t> work_us, restart_us, reconnect_us, settle_us, audit_us, epoch_us;
    PointTotals points[kPointsMax];  ///< in the order of points()
    std::atomic<bool> stop;
};

}  // namespace hp::crash
