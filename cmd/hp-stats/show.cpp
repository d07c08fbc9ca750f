// hp-stats show: the figures, once.
#include <cstdio>

#include "stats/report.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {

Result<> show(const ShowOptions& options) {
    HP_TRY(const auto snapshot, stats::read_snapshot(options.database, options.minutes));
    const std::string text =
        options.json ? stats::report_json(snapshot) + "\n" : stats::report_table(snapshot);
    std::fputs(text.c_str(), stdout);
    return {};
}

}  // namespace hp::hp_stats
