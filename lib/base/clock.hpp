// Names for points in time. Pure rooms take these as arguments; only the edges (net, cmd) read a clock.
#pragma once
#include <chrono>
#include <cstdint>

namespace hp {

/// Milliseconds since 1970, as in event records and databases.
using UnixMs = std::int64_t;
/// Seconds since 1970.
using UnixSeconds = std::int64_t;
/// Monotonic milliseconds, for intervals: a step of the system clock must not matter to them.
using SteadyMs = std::int64_t;

inline UnixMs unix_ms_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}
inline SteadyMs steady_ms_now() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

}  // namespace hp
