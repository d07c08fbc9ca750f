// hp-stats show, at, top, latency: the figures of one window.
#include <cstdio>

#include "base/clock.hpp"
#include "stats/report.hpp"
#include "stats/text.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

Result<stats::Snapshot> read(const Options& options) {
    HP_TRY(auto reader, stats::Reader::open(options.database));
    if (options.at.empty()) return reader.snapshot(options.minutes);
    HP_TRY(const UnixMs at, stats::time_from_text(options.at));
    return reader.snapshot(options.minutes, at);
}

void print(const std::string& text) { std::fputs(text.c_str(), stdout); }

}  // namespace

Result<> show(const Options& options) {
    HP_TRY(const auto snapshot, read(options));
    print(options.json ? stats::report_json(snapshot) + "\n" : stats::report_table(snapshot));
    return {};
}

Result<> top(const Options& options) {
    HP_TRY(const auto snapshot, read(options));
    print(stats::top_text(snapshot, "share_accepted", static_cast<std::size_t>(options.count),
                          options.format()));
    return {};
}

Result<> latency(const Options& options) {
    HP_TRY(const auto snapshot, read(options));
    print(stats::latency_text(snapshot, options.format()));
    return {};
}

}  // namespace hp::hp_stats
