// hp-stats show, at, top, latency: the figures of one window.
#include <cstdio>

#include "base/clock.hpp"
#include "options.hpp"
#include "stats/report.hpp"
#include "stats/text.hpp"

namespace hp::hp_stats {
namespace {

struct FigureOptions {
    Where where;
    Window window;
    Form form;
    std::int64_t count{20};
};

Result<stats::Snapshot> read(const FigureOptions& options, const Program& program) {
    HP_TRY(auto reader, stats::Reader::open(database_of(options.where, program)));
    if (options.window.at.empty()) return reader.snapshot(options.window.minutes);
    HP_TRY(const UnixMs at, stats::time_from_text(options.window.at));
    return reader.snapshot(options.window.minutes, at);
}

Result<> print_report(const FigureOptions& options, const Program& program) {
    HP_TRY(const auto snapshot, read(options, program));
    std::fputs(
        (options.form.json ? stats::report_json(snapshot) + "\n" : stats::report_table(snapshot)).c_str(),
        stdout);
    return {};
}

constexpr const char* kMinutesHelp = "only the last N minutes of the records [all]";

}  // namespace

cli::Verb show(const Program& program) {
    return {.name = "show",
            .summary = "print the figures, also while ingest runs",
            .examples = {"hp-stats show pool.db", "hp-stats show --db pool.db --minutes 10 --json",
                         "hp-stats show pool.db --minutes 60 --at '2026-08-01 03:00'"},
            .declare = [&program](cli::Options& add) -> cli::Action {
                auto options = std::make_shared<FigureOptions>();
                add_database(add, options->where);
                add_minutes(add, options->window, kMinutesHelp);
                add_at(add, options->window);
                add.json(options->form.json);
                return [&program, options] { return print_report(*options, program); };
            },
            .needs = cli::Needs::own_file};
}

cli::Verb at(const Program& program) {
    return {.name = "at",
            .summary = "print the figures as they were at a time",
            .examples = {"hp-stats at '2026-08-01 03:00' pool.db --minutes 60"},
            .declare = [&program](cli::Options& add) -> cli::Action {
                auto options = std::make_shared<FigureOptions>();
                add.text("TIME", options->window.at,
                         "as 2026-08-01T05:00:00+02:00, '2026-08-01 03:00' (UTC) or seconds since 1970")
                    .required();
                add_database(add, options->where);
                add_minutes(add, options->window, "only the minutes before it [all]");
                add.json(options->form.json);
                return [&program, options] { return print_report(*options, program); };
            },
            .needs = cli::Needs::own_file};
}

cli::Verb top(const Program& program) {
    return {.name = "top",
            .summary = "print the workers with the most work",
            .examples = {"hp-stats top pool.db --minutes 60", "hp-stats top pool.db --count 5 --csv"},
            .declare = [&program](cli::Options& add) -> cli::Action {
                auto options = std::make_shared<FigureOptions>();
                add_database(add, options->where);
                add_minutes(add, options->window, kMinutesHelp);
                add.whole("--count", options->count, "workers to print, at most [20]", 1, 1'000'000);
                add_at(add, options->window);
                add_formats(add, options->form);
                return [&program, options]() -> Result<> {
                    HP_TRY(const auto snapshot, read(*options, program));
                    std::fputs(
                        stats::top_text(snapshot, "share_accepted", static_cast<std::size_t>(options->count),
                                        options->form.format())
                            .c_str(),
                        stdout);
                    return {};
                };
            },
            .needs = cli::Needs::own_file};
}

cli::Verb latency(const Program& program) {
    return {.name = "latency",
            .summary = "print the percentiles of each latency",
            .examples = {"hp-stats latency proxy.db --minutes 60 --json"},
            .declare = [&program](cli::Options& add) -> cli::Action {
                auto options = std::make_shared<FigureOptions>();
                add_database(add, options->where);
                add_minutes(add, options->window, kMinutesHelp);
                add_at(add, options->window);
                add_formats(add, options->form);
                return [&program, options]() -> Result<> {
                    HP_TRY(const auto snapshot, read(*options, program));
                    std::fputs(stats::latency_text(snapshot, options->form.format()).c_str(), stdout);
                    return {};
                };
            },
            .needs = cli::Needs::own_file};
}

}  // namespace hp::hp_stats
