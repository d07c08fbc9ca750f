// hp-stats check: an alarm without a stack, in the form of a Nagios plugin.
#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "stats/estimate.hpp"
#include "stats/text.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

constexpr const char* kStates[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
constexpr int kUnknown = 3;

struct Finding {
    int state;
    std::string what;
};

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
    std::optional<double> mint_away_s;  ///< of the one that is away longest; 0: none is
    std::uint64_t alarms{}, shares{};
};

std::optional<double> gauge_number(const stats::Snapshot& snapshot, const std::string& field) {
    const auto gauge = snapshot.gauge(field);
    if (!gauge) return {};
    const auto json = nlohmann::json::parse(gauge->json, nullptr, false);
    return json.is_number() ? std::optional(json.get<double>()) : std::nullopt;
}

/// What the pool last said of its mints; one that is not in its configuration any more is awaited by nobody.
std::optional<double> mint_away_s(const stats::Snapshot& snapshot) {
    std::optional<double> longest;
    for (const auto& [source, fields] : snapshot.gauges) {
        const auto value = [&, &of = fields](const char* field) {
            const auto found = of.find(field);
            return found == of.end() ? nlohmann::json{}
                                     : nlohmann::json::parse(found->second.json, nullptr, false);
        };
        if (value("mint").is_null() || value("configured") != true) continue;
        const auto since = value("since_ms");
        const bool is_away = value("connected") == false && since.is_number_integer();
        const double away_s =
            is_away ? static_cast<double>(unix_ms_now() - since.get<std::int64_t>()) / 1000 : 0;
        longest = std::max(longest.value_or(0), away_s);
    }
    return longest;
}

Figures figures_of(const stats::Snapshot& snapshot) {
    Figures out;
    const auto shares = snapshot.sum("share_accepted");
    const auto rejected = snapshot.sum("share_rejected").count;
    out.shares = shares.count;
    out.age_s = static_cast<double>(unix_ms_now() - snapshot.last_record_ms) / 1000;
    if (const auto rate = stats::estimate(shares, snapshot.seen_seconds())) out.hashrate_hps = rate->hps;
    if (rejected > 0)
        out.rejected_percent =
            100.0 * static_cast<double>(rejected) / static_cast<double>(rejected + shares.count);
    out.outbox_pending = gauge_number(snapshot, "outbox_pending");
    out.mint_away_s = mint_away_s(snapshot);
    out.alarms = snapshot.sum("alarm").count;
    return out;
}

std::vector<Finding> judge(const Figures& f, const Limits& warn, const Limits& critical) {
    std::vector<Finding> out;
    compare(out, warn.age_s, critical.age_s, f.age_s, false, "newest record's age in seconds");
    compare(out, warn.hashrate_hps, critical.hashrate_hps, f.hashrate_hps.value_or(0), true, "hashrate_hps");
    compare(out, warn.rejected_percent, critical.rejected_percent, f.rejected_percent, false,
            "rejected shares in %");
    compare(out, warn.alarms, critical.alarms, static_cast<double>(f.alarms), false, "alarms");
    if (f.outbox_pending)
        compare(out, warn.outbox_pending, critical.outbox_pending, *f.outbox_pending, false,
                "outbox_pending");
    else if (warn.outbox_pending || critical.outbox_pending)
        out.push_back({kUnknown, "outbox_pending is in no record"});
    if (f.mint_away_s)
        compare(out, warn.mint_away_s, critical.mint_away_s, *f.mint_away_s, false,
                "seconds that a mint is away");
    else if (warn.mint_away_s || critical.mint_away_s)
        out.push_back({kUnknown, "no record tells of a mint"});
    return out;
}

/// The worst; UNKNOWN only where nothing is known to be wrong.
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

/// The command sees HP_CHECK_STATE and HP_CHECK_TEXT; what it prints goes to stderr.
void run_command(const std::string& command, int state, const std::string& text) {
    ::setenv("HP_CHECK_STATE", kStates[state], 1);
    ::setenv("HP_CHECK_TEXT", text.c_str(), 1);
    const int code = std::system(("(" + command + "\n) >&2").c_str());
    if (code != 0)
        log::warn("the command of --run ended with {}",
                  WIFEXITED(code) ? WEXITSTATUS(code) : 128 + WTERMSIG(code));
}

/// A watchdog elsewhere that is not pinged gives alarm by itself: also when this machine is gone.
void ping(const std::string& url, int state, const std::string& text) {
    const auto scheme = url.find("://");
    const auto slash = url.find('/', scheme == std::string::npos ? 0 : scheme + 3);
    const auto origin = url.substr(0, slash);
    std::string path = slash == std::string::npos ? "/" : url.substr(slash);
    if (state != 0) path += path.ends_with('/') ? "fail" : "/fail";
    const auto answer = [&]() -> Result<net::HttpResponse> {
        net::Loop loop;
        HP_TRY(const auto client, net::HttpClient::create(loop, origin, {.body_bytes_max = 65'536}));
        return client->request_and_wait(loop, state == 0 ? "GET" : "POST", path, state == 0 ? "" : text);
    }();
    // The path is what tells a watchdog who we are: it is a secret.
    if (!answer)
        log::warn("ping to {}: {}", origin, answer.error().what);
    else if (answer->status / 100 != 2)
        log::warn("ping to {}: HTTP {}", origin, answer->status);
}

}  // namespace

int check(const CheckOptions& options) {
    int state = kUnknown;
    std::string text;
    nlohmann::ordered_json json;
    Result<stats::Snapshot> snapshot = [&]() -> Result<stats::Snapshot> {
        HP_TRY(auto reader, stats::Reader::open(options.database));
        return reader.snapshot(options.minutes);
    }();
    std::string perf;
    if (!snapshot) {
        text = snapshot.error().what;
    } else if (snapshot->records == 0) {
        text = "no records";
    } else {
        const Figures f = figures_of(*snapshot);
        const auto findings = judge(f, options.warn, options.critical);
        state = worst(findings);
        text = findings.empty()
                   ? "hashrate " + (f.hashrate_hps ? stats::rate_text(*f.hashrate_hps) : "-") + ", " +
                         std::to_string(f.shares) + " shares in " + std::to_string(options.minutes) + " min"
                   : joined(findings);
        json = {{"age_s", f.age_s},
                {"hashrate_hps", f.hashrate_hps ? nlohmann::ordered_json(*f.hashrate_hps) : nullptr},
                {"shares_accepted", f.shares},
                {"rejected_percent", f.rejected_percent},
                {"outbox_pending", f.outbox_pending ? nlohmann::ordered_json(*f.outbox_pending) : nullptr},
                {"mint_away_s", f.mint_away_s ? nlohmann::ordered_json(*f.mint_away_s) : nullptr},
                {"alarms", f.alarms}};
        perf = " | age=" + number(f.age_s) + "s hashrate=" + number(f.hashrate_hps.value_or(0)) +
               " shares=" + std::to_string(f.shares) + "c rejected=" + number(f.rejected_percent) + "%";
    }
    if (options.json) {
        nlohmann::ordered_json out = {{"state", kStates[state]}, {"text", text}, {"figures", json}};
        std::printf("%s\n",
                    out.dump(-1, ' ', true, nlohmann::ordered_json::error_handler_t::replace).c_str());
    } else {
        std::printf("HASHPOOL %s - %s%s\n", kStates[state], printable(text, 1000).c_str(), perf.c_str());
    }
    std::fflush(stdout);
    if (state != 0 && !options.run.empty()) run_command(options.run, state, text);
    if (!options.ping.empty()) ping(options.ping, state, text);
    return state;
}

}  // namespace hp::hp_stats
