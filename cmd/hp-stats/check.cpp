// hp-stats check: an alarm without a stack, in the form of a monitoring plugin
// (https://www.monitoring-plugins.org/doc/guidelines.html).
#include "check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "records/names.hpp"
#include "stats/estimate.hpp"
#include "stats/text.hpp"

namespace hp::hp_stats {
namespace {

using namespace records::literals;

struct Finding {
    int state;
    std::string what;
};

/// Performance data has digits, a point and a sign; "U" means unknown.
std::string perf_number(std::optional<double> value) {
    if (!value || !std::isfinite(*value)) return "U";
    char text[400];
    std::snprintf(text, sizeof text, "%.3f", *value);
    std::string out = text;
    out.erase(out.find_last_not_of('0') + 1);
    if (out.ends_with('.')) out.pop_back();
    return out;
}

/// label=value[UOM];warn;critical;min;max. A lower limit is the range "N:".
template <class T>
std::string perf_item(const std::string& label, std::optional<double> value, const std::string& unit,
                      const std::optional<T>& warn, const std::optional<T>& critical, bool is_bad_below,
                      const std::string& max = {}) {
    const auto limit = [&](const std::optional<T>& at) {
        return at ? perf_number(static_cast<double>(*at)) + (is_bad_below ? ":" : "") : std::string{};
    };
    std::string out = label + "=" + perf_number(value) + (value ? unit : "") + ";" + limit(warn) + ";" +
                      limit(critical) + ";0;" + max;
    while (out.ends_with(';')) out.pop_back();
    return out;
}

std::string number(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
}

template <class T>
void compare(std::vector<Finding>& out, const std::optional<T>& warn, const std::optional<T>& critical,
             double value, bool is_bad_below, const std::string& name) {
    const auto beyond = [&](const std::optional<T>& limit) {
        if (!limit) return false;
        return is_bad_below ? value < static_cast<double>(*limit) : value > static_cast<double>(*limit);
    };
    const int state = beyond(critical) ? 2 : beyond(warn) ? 1 : 0;
    const auto& limit = state == 2 ? critical : warn;
    if (state > 0)
        out.push_back({state, name + " " + number(value) + (is_bad_below ? " below " : " above ") +
                                  number(static_cast<double>(*limit))});
}

struct Figures {
    double age_s{}, rejected_percent{};
    std::optional<double> hashrate_hps, outbox_pending;
    std::optional<double> mint_away_s;  ///< of the one down longest; 0: none
    std::optional<double>
        template_away_s;  ///< the pool has no Template Provider or template, or hp-template no node
    std::uint64_t alarms{}, shares{}, rejected{};
};

std::optional<double> gauge_number(const stats::Snapshot& snapshot, const std::string& field) {
    const auto gauge = snapshot.gauge(field);
    if (!gauge) return {};
    const auto json = nlohmann::json::parse(gauge->json, nullptr, false);
    return json.is_number() ? std::optional(json.get<double>()) : std::nullopt;
}

/// The last values of one source's status records.
class Status {
  public:
    explicit Status(const std::map<std::string, stats::Gauge>& fields) : fields_{fields} {}
    nlohmann::json value(const char* field) const {
        const auto found = fields_.find(field);
        return found == fields_.end() ? nlohmann::json{}
                                      : nlohmann::json::parse(found->second.json, nullptr, false);
    }
    double seconds_since(const char* field) const {
        const auto since = value(field);
        return since.is_number_integer()
                   ? static_cast<double>(unix_ms_now() - since.get<std::int64_t>()) / 1000
                   : 0;
    }
    UnixMs told_ms(const char* field) const {
        const auto found = fields_.find(field);
        return found == fields_.end() ? 0 : found->second.ts_ms;
    }

  private:
    const std::map<std::string, stats::Gauge>& fields_;
};

/// The pool's last status of its mints; ignore a mint that is no longer in its configuration.
std::optional<double> mint_away_s(const stats::Snapshot& snapshot) {
    std::optional<double> longest;
    for (const auto& [source, fields] : snapshot.gauges) {
        const Status status{fields};
        if (status.value("mint"_field).is_null() || status.value("configured"_field) != true) continue;
        longest =
            std::max(longest.value_or(0),
                     status.value("connected"_field) == false ? status.seconds_since("since_ms"_field) : 0);
    }
    return longest;
}

/// Work comes from the node through hp-template to the pool; the longer outage of the two counts.
std::optional<double> template_away_s(const stats::Snapshot& snapshot) {
    /// Ignore an hp-template without records for this long: the pool knows whether it lacks work.
    constexpr UnixMs kSilentMs = 60'000;
    std::optional<double> longest;
    for (const auto& [source, fields] : snapshot.gauges) {
        const Status status{fields};
        if (const auto connected = status.value("template_provider_connected"_field);
            connected.is_boolean()) {
            const bool is_good = connected == true && status.value("has_template"_field) == true;
            longest = std::max(longest.value_or(0),
                               is_good ? 0 : status.seconds_since("template_provider_since_ms"_field));
        }
        if (status.value("node_connected"_field) == false &&
            snapshot.last_record_ms - status.told_ms("node_connected") < kSilentMs)
            longest = std::max(longest.value_or(0), status.seconds_since("node_since_ms"_field));
    }
    return longest;
}

Figures figures_of(const stats::Snapshot& snapshot) {
    Figures out;
    const auto shares = snapshot.sum("share_accepted"_series);
    const auto rejected = snapshot.sum("share_rejected"_series).count;
    out.shares = shares.count;
    out.rejected = rejected;
    out.age_s = static_cast<double>(unix_ms_now() - snapshot.last_record_ms) / 1000;
    if (const auto rate = stats::estimate(shares, snapshot.seen_seconds())) out.hashrate_hps = rate->hps;
    if (rejected > 0)
        out.rejected_percent =
            100.0 * static_cast<double>(rejected) / static_cast<double>(rejected + shares.count);
    out.outbox_pending = gauge_number(snapshot, "outbox_pending"_field);
    out.mint_away_s = mint_away_s(snapshot);
    out.template_away_s = template_away_s(snapshot);
    out.alarms = snapshot.sum("alarm"_series).count;
    return out;
}

std::vector<Finding> judge(const Figures& f, const CheckOptions& options) {
    const Limits &warn = options.warn, &critical = options.critical;
    std::vector<Finding> out;
    compare(out, warn.age_s, critical.age_s, f.age_s, false, "newest record's age in seconds");
    compare(out, warn.hashrate_hps, critical.hashrate_hps, f.hashrate_hps.value_or(0), true, "hashrate_hps");
    if (f.rejected >= static_cast<std::uint64_t>(options.rejected_min))
        compare(out, warn.rejected_percent, critical.rejected_percent, f.rejected_percent, false,
                "rejected shares in %");
    compare(out, warn.alarms, critical.alarms, static_cast<double>(f.alarms), false, "alarms");
    if (f.outbox_pending)
        compare(out, warn.outbox_pending, critical.outbox_pending, *f.outbox_pending, false,
                "outbox_pending");
    else if (warn.outbox_pending || critical.outbox_pending)
        out.push_back({kUnknown, "no record has outbox_pending"});
    if (f.mint_away_s)
        compare(out, warn.mint_away_s, critical.mint_away_s, *f.mint_away_s, false,
                "seconds that a mint is down");
    else if (warn.mint_away_s || critical.mint_away_s)
        out.push_back({kUnknown, "no record of a mint"});
    if (f.template_away_s)
        compare(out, warn.template_away_s, critical.template_away_s, *f.template_away_s, false,
                "seconds without templates");
    else if (warn.template_away_s || critical.template_away_s)
        out.push_back({kUnknown, "no record of templates"});
    return out;
}

/// The worst; UNKNOWN only if nothing is known to be wrong.
int worst(const std::vector<Finding>& findings) {
    int state = 0;
    for (const auto& finding : findings)
        if (finding.state != kUnknown) state = std::max(state, finding.state);
    if (state == 0 && !findings.empty()) state = kUnknown;
    return state;
}

std::string joined(const std::vector<Finding>& findings) {
    std::string out;
    for (const auto& finding : findings) out += (out.empty() ? "" : "; ") + finding.what;
    return out;
}

std::string perf_of(const Figures& f, const Limits& warn, const Limits& critical) {
    const std::optional<std::int64_t> none;
    return perf_item("age", f.age_s, "s", warn.age_s, critical.age_s, false) + " " +
           perf_item("hashrate", f.hashrate_hps, "", warn.hashrate_hps, critical.hashrate_hps, true) + " " +
           perf_item("shares", static_cast<double>(f.shares), "", none, none, false) + " " +
           perf_item("rejected", f.rejected_percent, "%", warn.rejected_percent, critical.rejected_percent,
                     false, "100") +
           " " +
           perf_item("pending", f.outbox_pending, "", warn.outbox_pending, critical.outbox_pending, false) +
           " " + perf_item("mint_away", f.mint_away_s, "s", warn.mint_away_s, critical.mint_away_s, false) +
           " " +
           perf_item("template_away", f.template_away_s, "s", warn.template_away_s, critical.template_away_s,
                     false) +
           " " + perf_item("alarms", static_cast<double>(f.alarms), "", warn.alarms, critical.alarms, false);
}

struct Verdict {
    int state{kUnknown};
    std::string text{};
    std::string perf{};
    nlohmann::ordered_json figures{};
};

Verdict look(const CheckOptions& options) {
    Result<stats::Snapshot> snapshot = [&]() -> Result<stats::Snapshot> {
        HP_TRY(auto reader, stats::Reader::open(options.database));
        return reader.snapshot(options.minutes);
    }();
    if (!snapshot) return {.text = snapshot.error().what};
    if (snapshot->records == 0) return {.text = "no records"};
    const Figures f = figures_of(*snapshot);
    const auto findings = judge(f, options);
    const auto or_null = [](std::optional<double> value) {
        return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
    };
    return {.state = worst(findings),
            .text = findings.empty()
                        ? "hashrate " + (f.hashrate_hps ? stats::rate_text(*f.hashrate_hps) : "-") + ", " +
                              std::to_string(f.shares) + " shares in " + std::to_string(options.minutes) +
                              " min"
                        : joined(findings),
            .perf = perf_of(f, options.warn, options.critical),
            .figures = {{"age_s", f.age_s},
                        {"hashrate_hps", or_null(f.hashrate_hps)},
                        {"shares_accepted", f.shares},
                        {"rejected_percent", f.rejected_percent},
                        {"outbox_pending", or_null(f.outbox_pending)},
                        {"mint_away_s", or_null(f.mint_away_s)},
                        {"template_away_s", or_null(f.template_away_s)},
                        {"alarms", f.alarms}}};
}

void print(const Verdict& verdict, bool is_json) {
    if (is_json) {
        const nlohmann::ordered_json out = {
            {"state", kStates[verdict.state]}, {"text", verdict.text}, {"figures", verdict.figures}};
        std::printf("%s\n",
                    out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace).c_str());
        return;
    }
    // One line; performance data follows a bar.
    std::string text = printable(verdict.text, 1000);
    std::replace(text.begin(), text.end(), '|', '/');
    std::printf("HASHPOOL %s - %s%s\n", kStates[verdict.state], text.c_str(),
                verdict.perf.empty() ? "" : (" | " + verdict.perf).c_str());
}

/// The line of a check that could not be made.
int unknown(const std::string& what, bool is_json) {
    print({.text = what}, is_json);
    return kUnknown;
}

/// One line on stdout; returns 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
int run_check(const CheckOptions& options) {
    const Verdict verdict = look(options);
    if (verdict.state != 0 || !options.is_quiet) print(verdict, options.json);
    std::fflush(stdout);
    if (!options.run.empty()) run_at_change(options, verdict.state, verdict.text);
    if (!options.ping.empty()) ping(options.ping, verdict.state, verdict.text);
    return verdict.state;
}

template <class T>
void add_limit(cli::Options& add, const std::string& name, std::optional<T>& warn, std::optional<T>& critical,
               const std::string& help) {
    for (const bool is_critical : {false, true}) {
        auto& limit = is_critical ? critical : warn;
        const std::string option = (is_critical ? "--critical-" : "--warn-") + name;
        const std::string text = (is_critical ? "CRITICAL " : "WARNING ") + help;
        if constexpr (std::is_integral_v<T>)
            add.whole(option, limit, text, 0);
        else
            add.number(option, limit, text, 0);
    }
}

void add_limits(cli::Options& add, CheckOptions& options) {
    auto &warn = options.warn, &critical = options.critical;
    add_limit(add, "age", warn.age_s, critical.age_s, "when the newest record is older, in seconds");
    add_limit(add, "hashrate", warn.hashrate_hps, critical.hashrate_hps,
              "when the hash rate is lower, in hashes per second");
    add_limit(add, "rejected", warn.rejected_percent, critical.rejected_percent,
              "when a higher percentage of the shares is rejected");
    add.whole("--min-rejected", options.rejected_min,
              "with fewer rejected shares than this, their percentage is ignored [10]", 1);
    add_limit(add, "pending", warn.outbox_pending, critical.outbox_pending,
              "when more quotes wait for the mint");
    add_limit(add, "mint-away", warn.mint_away_s, critical.mint_away_s,
              "when a mint is away for more seconds");
    add_limit(add, "template-away", warn.template_away_s, critical.template_away_s,
              "when there has been no template provider, or no node behind it, for more seconds");
    add_limit(add, "alarms", warn.alarms, critical.alarms, "when there were more alarms");
}

void add_reports(cli::Options& add, CheckOptions& options) {
    const auto run = add.text("--run", options.run,
                              "command for the shell when the state is another than at the last check")
                         .value_name("COMMAND");
    add.text("--state-file", options.state_file,
             "file that keeps the last state for --run [in ~/.local/state/hashpool]")
        .value_name("FILE")
        .needs(run);
    add.text("--ping", options.ping,
             "URL of a watchdog that hears of each check: GET when OK, else POST to URL/fail")
        .value_name("URL")
        .or_variable("HP_CHECK_PING");
    add.flag("--quiet", options.is_quiet, "print nothing when OK, as for cron, which mails all output");
    add.json(options.json);
}

}  // namespace

cli::Verb check(const Program& program) {
    return {
        .name = "check",
        .summary =
            "say in one line whether all is well, as a monitoring plugin: exit 0 OK, 1 WARNING, "
            "2 CRITICAL, 3 UNKNOWN",
        .examples = {"hp-stats check pool.db --critical-age 60 --warn-hashrate 1e12",
                     "hp-stats check pool.db --critical-age 60 --quiet --run 'curl -fsS -d "
                     "\"$HP_CHECK_TEXT\" https://ntfy.example/pool'"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto where = std::make_shared<Where>();
            auto options = std::make_shared<CheckOptions>();
            add_database(add, *where);
            add.whole("--minutes", options->minutes, "window of the figures [5]", 1, kMinutesMax);
            add_limits(add, *options);
            add_reports(add, *options);
            return [&program, where, options]() -> Result<int> {
                options->database = database_of(*where, program);
                return run_check(*options);
            };
        },
        .needs = cli::Needs::own_file,
        // To a monitor a plugin that cannot run is UNKNOWN, and 1 and 2 are states.
        .on_error = [](const Error& error, bool is_json) { return unknown(error.what, is_json); },
    };
}

}  // namespace hp::hp_stats
