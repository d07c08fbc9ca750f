#include "stats/levels.hpp"

#include <algorithm>

namespace hp::stats {
namespace {

constexpr std::int64_t seconds_of(std::size_t level) { return kLevels[level].seconds; }

/// The finest level that still has this second.
std::size_t finest_at(const Holdings& holdings, std::int64_t second) {
    for (std::size_t level = 0; level < kCoarsest; ++level)
        if (second >= holdings.kept[level] * seconds_of(level)) return level;
    return kCoarsest;
}

/// The coarsest slot that begins at this second, is complete, and ends within the window.
std::size_t coarsest_at(const Holdings& holdings, std::int64_t second, std::int64_t end,
                        std::size_t level_max) {
    for (std::size_t level = level_max; level > 0; --level) {
        const std::int64_t length = seconds_of(level);
        const bool is_whole = second % length == 0 && second + length <= end;
        const Slot slot = second / length;
        if (is_whole && slot < holdings.complete[level] && slot >= holdings.kept[level]) return level;
    }
    return 0;
}

}  // namespace

std::optional<std::size_t> level_from_name(std::string_view name) {
    for (std::size_t level = 0; level < kLevels.size(); ++level)
        if (kLevels[level].name == name) return level;
    return {};
}

std::vector<Piece> cover(const Holdings& holdings, UnixMs from_ms, UnixMs to_ms, std::size_t level_max) {
    std::vector<Piece> out;
    const std::int64_t end = (to_ms + 999) / 1000;
    const std::int64_t oldest = holdings.kept[kCoarsest] * seconds_of(kCoarsest);
    for (std::int64_t second = std::max(from_ms / 1000, oldest); second < end;) {
        const std::size_t finest = finest_at(holdings, second);
        const std::size_t level = std::max(coarsest_at(holdings, second, end, level_max), finest);
        const Slot slot = second / seconds_of(level);
        if (!out.empty() && out.back().level == level && out.back().to == slot)
            ++out.back().to;
        else
            out.push_back({level, slot, slot + 1});
        second = (slot + 1) * seconds_of(level);
    }
    return out;
}

}  // namespace hp::stats
