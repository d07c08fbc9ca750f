// The time resolutions of series. A finer level is added up into the next one when a slot of that is over,
// and deleted after a while; so a window of any length needs few rows, and disk use is bounded.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace hp::stats {

struct Level {
    std::int64_t seconds;
    std::string_view name;
};
inline constexpr std::array<Level, 4> kLevels{{{60, "1m"}, {300, "5m"}, {3600, "1h"}, {86400, "1d"}}};
inline constexpr std::size_t kCoarsest = kLevels.size() - 1;
std::optional<std::size_t> level_from_name(std::string_view name);

/// Index of a time span of the level's length, since 1970.
using Slot = std::int64_t;
inline Slot slot_of(UnixMs ms, std::size_t level) { return ms / 1000 / kLevels[level].seconds; }
inline UnixMs begin_of(Slot slot, std::size_t level) { return slot * kLevels[level].seconds * 1000; }

/// How long each level's slots are kept, in seconds before the newest record.
struct Retention {
    std::array<std::int64_t, kLevels.size()> keep_s{86400, 14 * 86400, 180 * 86400, 3650LL * 86400};
};

/// What a database has of each level: slots from `kept` on; those below `complete` include all of the next
/// finer level. The finest level is always complete.
struct Holdings {
    std::array<Slot, kLevels.size()> kept{}, complete{};
};

/// Slots [from, to) of one level.
struct Piece {
    std::size_t level;
    Slot from, to;
    friend bool operator==(const Piece&, const Piece&) = default;
};
/// The fewest slots that cover the time from `from_ms` to `to_ms` exactly once, oldest first. Slots coarser
/// than `level_max` only if nothing finer is kept. Both ends are rounded outwards to existing slots.
std::vector<Piece> cover(const Holdings& holdings, UnixMs from_ms, UnixMs to_ms,
                         std::size_t level_max = kCoarsest);

}  // namespace hp::stats
