// hp-pool vardiff-lab: how fast and how well the pool's vardiff follows a miner, beside ckpool's and SRI's
// rules.
#include "mining/vardiff_lab.hpp"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "verbs.hpp"

namespace hp::hp_pool {
namespace {

using mining::LabEvent;

struct LabSettings {
    double hps{1e14};
    double shares_per_minute{20};
    std::string starts{"1,1000"}, steps{"0.1,0.5,2,10"};
    std::int64_t easiest_target_bits{32};
    std::int64_t vardiff_interval_s{60};
    std::int64_t miners{200};
    std::int64_t minutes{30};
    std::int64_t latency_ms{200};
    std::uint64_t seed{1};
    bool json{false};
};

constexpr double kRatioMin = 1e-6, kRatioMax = 1e4;

Result<> add_events(std::vector<LabEvent>& out, LabEvent::Kind kind, const std::string& option,
                    const std::string& list) {
    if (list == "none") return {};
    for (std::size_t begin = 0; begin <= list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        double ratio = 0;
        const char* last = list.data() + end;
        const auto parsed = std::from_chars(list.data() + begin, last, ratio);
        // Not (ratio < ...): nan fails too.
        if (parsed.ec != std::errc{} || parsed.ptr != last || !(ratio >= kRatioMin && ratio <= kRatioMax))
            return fail(
                Errc::usage,
                option +
                    ": expected numbers from 0.000001 to 10000 with commas between them, or none, got '" +
                    printable(list.substr(begin, end - begin), 40) + "'");
        out.push_back({kind, ratio});
        begin = end + 1;
    }
    return {};
}

std::string name_of(const LabEvent& event) {
    char text[48];
    std::snprintf(text, sizeof text, "%s x%g", event.kind == LabEvent::Kind::start ? "start" : "step",
                  event.ratio);
    return text;
}

nlohmann::ordered_json to_json(const LabEvent& event, mining::LabAlgorithm algorithm,
                               const mining::LabResult& result) {
    return {{"event", event.kind == LabEvent::Kind::start ? "start" : "step"},
            {"ratio", event.ratio},
            {"algorithm", mining::name_of(algorithm)},
            {"settled", result.settled},
            {"settling_s_p50", result.settling_s_p50},
            {"settling_s_p95", result.settling_s_p95},
            {"rate_error_mean", result.rate_error_mean},
            {"rate_error_p95", result.rate_error_p95},
            {"retargets", result.retargets},
            {"shares_above", result.shares_above},
            {"shares_below", result.shares_below}};
}

void print_row(const LabEvent& event, mining::LabAlgorithm algorithm, const mining::LabResult& result,
               const LabSettings& settings) {
    const auto percent = [&](double part) { return part * 100; };
    std::printf("%-13s %-9s %6.0f%% %7.0f s %7.0f s %7.0f%% %7.0f%% %9.1f %9.0f %9.0f\n",
                name_of(event).c_str(), std::string(mining::name_of(algorithm)).c_str(),
                percent(result.settled / static_cast<double>(settings.miners)), result.settling_s_p50,
                result.settling_s_p95, percent(result.rate_error_mean), percent(result.rate_error_p95),
                result.retargets, result.shares_above, result.shares_below);
}

Result<> run_vardiff_lab(const LabSettings& settings) {
    std::vector<LabEvent> events;
    HP_DO(add_events(events, LabEvent::Kind::start, "--starts", settings.starts));
    HP_DO(add_events(events, LabEvent::Kind::step, "--steps", settings.steps));
    if (events.empty())
        return fail(Errc::usage, "--starts and --steps are none: there is nothing to measure");
    mining::LabOptions options;
    options.rules.shares_per_minute = settings.shares_per_minute;
    options.rules.easiest_target =
        bitcoin::target_from_work_bits(static_cast<unsigned>(settings.easiest_target_bits));
    options.rules.period_ms = settings.vardiff_interval_s * 1000;
    options.hash_rate_hps = settings.hps;
    options.miners = static_cast<unsigned>(settings.miners);
    options.measured_ms = settings.minutes * 60'000;
    options.latency_ms = settings.latency_ms;
    options.seed = settings.seed;

    auto rows = nlohmann::ordered_json::array();
    if (!settings.json)
        std::printf("%-13s %-9s %7s %9s %9s %8s %8s %9s %9s %9s\n", "EVENT", "RULES", "SETTLED", "P50", "P95",
                    "ERROR", "P95", "RETARGETS", "ABOVE", "BELOW");
    for (const auto& event : events)
        for (const auto algorithm : mining::kLabAlgorithms) {
            const auto result = mining::run_lab(options, algorithm, event);
            if (settings.json)
                rows.push_back(to_json(event, algorithm, result));
            else
                print_row(event, algorithm, result, settings);
        }
    if (settings.json)
        std::printf("%s\n", nlohmann::ordered_json{{"hash_rate_hps", settings.hps},
                                                   {"shares_per_minute", settings.shares_per_minute},
                                                   {"easiest_target_bits", settings.easiest_target_bits},
                                                   {"vardiff_interval_s", settings.vardiff_interval_s},
                                                   {"miners", settings.miners},
                                                   {"minutes", settings.minutes},
                                                   {"latency_ms", settings.latency_ms},
                                                   {"seed", settings.seed},
                                                   {"rows", rows}}
                                .dump()
                                .c_str());
    return {};
}

}  // namespace

cli::Verb vardiff_lab() {
    return {
        .name = "vardiff-lab",
        .summary = "simulate miners whose hash rate steps: how soon and how well their targets follow",
        .examples = {"hp-pool vardiff-lab --hps 1e14 --shares-per-minute 6",
                     "hp-pool vardiff-lab --hps 500e9 --starts 1,1000,0.001 --steps none --seed 7 --json"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto settings = std::make_shared<LabSettings>();
            add.number("--hps", settings->hps, "hash rate of a miner while it is measured [1e14]", 1, 1e19);
            add.number("--shares-per-minute", settings->shares_per_minute, "goal of vardiff, as the key [20]",
                       0.1, 1000);
            add.text("--starts", settings->starts,
                     "channels opened by miners with this multiple of their claimed hash rate, or none "
                     "[1,1000]")
                .value_name("RATIOS");
            add.text("--steps", settings->steps,
                     "hash rates that become this multiple, or none [0.1,0.5,2,10]")
                .value_name("RATIOS");
            add.whole("--easiest-target-bits", settings->easiest_target_bits, "as the key [32]", 0, 200);
            add.whole("--vardiff-interval-s", settings->vardiff_interval_s, "as the key [60]", 1, 3600);
            add.whole("--miners", settings->miners, "simulated miners a row [200]", 1, 10'000);
            add.whole("--minutes", settings->minutes, "measured from each start or step on [30]", 6, 1440);
            add.whole("--latency-ms", settings->latency_ms, "until a miner works on a new target [200]", 0,
                      60'000);
            add.whole("--seed", settings->seed, "the same seed gives the same figures [1]", 0);
            add.json(settings->json);
            return [settings] { return run_vardiff_lab(*settings); };
        },
        .needs = cli::Needs::nothing,
    };
}

}  // namespace hp::hp_pool
