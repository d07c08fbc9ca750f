// The sums of a series' records.
#pragma once
#include <cstdint>

#include "base/clock.hpp"

namespace hp::stats {

/// Integers saturate at 2^63 - 1, the database's maximum, instead of wrapping.
struct Sums {
    std::uint64_t count{};
    std::uint64_t amount{};  ///< ehash, in its unit
    double work_hashes{};    ///< expected hashes; not money, and beyond 64 bits for a large pool
    double work_squared{};   ///< sum of the squares of the records' work_hashes, for error bars
    double work_max{};       ///< largest work_hashes of a record
    UnixMs last_ms{};        ///< of the newest record
    void add(const Sums& more);
};

}  // namespace hp::stats
