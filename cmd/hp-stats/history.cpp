// hp-stats history: one series, slot by slot.
#include <unistd.h>

#include <cstdio>

#include "stats/names.hpp"
#include "stats/text.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

constexpr UnixMs kDefaultSpanMs = 24 * 3'600'000;
/// Rows that are useful to a person or a plot: without --step, the finest step with fewer rows.
constexpr UnixMs kRowsMax = 300;

std::size_t fitting_level(UnixMs span_ms) {
    for (std::size_t level = 0; level < stats::kCoarsest; ++level)
        if (span_ms / (stats::kLevels[level].seconds * 1000) <= kRowsMax) return level;
    return stats::kCoarsest;
}

}  // namespace

Result<> history(const Options& options) {
    HP_TRY(auto reader, stats::Reader::open(options.database));
    HP_TRY(const auto times, reader.times());
    stats::HistoryQuery query{.name = options.series};
    if (!options.gauge.empty()) query.name = options.gauge, query.is_gauge = true;
    if (!options.worker.empty()) query.label = options.worker;
    HP_DO(stats::check_names(reader, query));
    query.to_ms = times ? times->second + 1 : 1;
    if (!options.to.empty()) {
        HP_TRY(query.to_ms, stats::time_from_text(options.to));
    }
    query.from_ms =
        std::max<UnixMs>(query.to_ms - (options.minutes ? *options.minutes * 60'000 : kDefaultSpanMs), 0);
    if (!options.from.empty()) {
        HP_TRY(query.from_ms, stats::time_from_text(options.from));
    }
    if (query.from_ms >= query.to_ms)
        return fail(Errc::usage, "--from " + stats::time_text(query.from_ms) + " is not before --to " +
                                     stats::time_text(query.to_ms));
    const UnixMs oldest = times ? std::max(query.from_ms, times->first) : query.from_ms;
    query.level = fitting_level(query.to_ms - oldest);
    if (!options.step.empty())
        query.level = *stats::level_from_name(options.step);  // checked as it was parsed
    HP_TRY(const auto rows, reader.history(query));
    const auto text = stats::history_text(query, rows, options.format(), ::isatty(STDOUT_FILENO) != 0);
    std::fputs(text.c_str(), stdout);
    return {};
}

}  // namespace hp::hp_stats
