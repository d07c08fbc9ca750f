// hp-stats history: one series, slot by slot.
#include <unistd.h>

#include <cstdio>

#include "options.hpp"
#include "stats/names.hpp"
#include "stats/text.hpp"

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

struct HistoryOptions {
    Where where;
    Window window;
    Form form;
    std::string from, to;  ///< times in the forms of stats::time_from_text; empty: not given
    std::string series{"share_accepted"}, gauge, worker, step;
};

Result<> print_series(const HistoryOptions& options, const std::string& database) {
    HP_TRY(auto reader, stats::Reader::open(database));
    HP_TRY(const auto times, reader.times());
    stats::HistoryQuery query{.name = options.series};
    if (!options.gauge.empty()) query.name = options.gauge, query.is_gauge = true;
    if (!options.worker.empty()) query.label = options.worker;
    HP_DO(stats::check_names(reader, query));
    query.to_ms = times ? times->second + 1 : 1;
    if (!options.to.empty()) {
        HP_TRY(query.to_ms, stats::time_from_text(options.to));
    }
    query.from_ms = std::max<UnixMs>(
        query.to_ms - (options.window.minutes ? *options.window.minutes * 60'000 : kDefaultSpanMs), 0);
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
    const auto text = stats::history_text(query, rows, options.form.format(), ::isatty(STDOUT_FILENO) != 0);
    std::fputs(text.c_str(), stdout);
    return {};
}

}  // namespace

cli::Verb history(const Program& program) {
    return {
        .name = "history",
        .summary = "print one series, slot by slot",
        .examples =
            {"hp-stats history pool.db --minutes 60",
             "hp-stats history pool.db --worker rig1 --step 1h --csv >rig1.csv",
             "hp-stats history pool.db --gauge outbox_pending --from 2026-08-01 --to 2026-08-02 --json"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<HistoryOptions>();
            add_database(add, options->where);
            const auto gauge =
                add.text("--gauge", options->gauge, "a field of the status records").value_name("FIELD");
            add.text("--series", options->series, "records of a type [share_accepted]")
                .value_name("NAME")
                .excludes(gauge);
            add.text("--worker", options->worker, "only this worker, reason or other label [all together]")
                .value_name("LABEL")
                .excludes(gauge);
            const auto minutes = add_minutes(add, options->window, "minutes to show, up to --to [1440]");
            add.text("--from", options->from, "begin, UTC").value_name("TIME").excludes(minutes);
            add.text("--to", options->to, "end, UTC [the newest record]").value_name("TIME");
            add.text("--step", options->step,
                     "length of a slot: 1m, 5m, 1h or 1d [what gives up to 300 rows]")
                .value_name("STEP")
                .one_of({"1m", "5m", "1h", "1d"});
            add_formats(add, options->form);
            return
                [&program, options] { return print_series(*options, database_of(options->where, program)); };
        },
        .needs = cli::Needs::own_file,
    };
}

}  // namespace hp::hp_stats
