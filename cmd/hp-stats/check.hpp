// What hp-stats check does besides printing its line.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace hp::hp_stats {

inline constexpr const char* kStates[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
inline constexpr int kUnknown = 3;

struct Limits {
    std::optional<std::int64_t> age_s, outbox_pending, mint_away_s, template_away_s, alarms;
    std::optional<double> hashrate_hps, rejected_percent;
};
struct CheckOptions {
    std::string database;
    std::int64_t minutes{5};
    /// Fewer rejected shares are within any percentage: two of twenty do not matter.
    std::int64_t rejected_min{10};
    Limits warn, critical;
    std::string run;         ///< command for the shell when the state changes; empty: none
    std::string state_file;  ///< file with the last state, for `run`; empty: the user's state directory
    std::string ping;        ///< URL notified of each check: GET when OK, else POST to URL/fail; empty: none
    bool is_quiet{false};    ///< print nothing when OK
    bool json{false};
};

/// Runs the command of --run if the state differs from the last check's; initially OK. The command gets
/// HP_CHECK_STATE, HP_CHECK_BEFORE and HP_CHECK_TEXT; its output goes to stderr. If it fails, it runs again
/// at the next check.
void run_at_change(const CheckOptions& options, int state, const std::string& text);

/// GET if OK, else POST to URL/fail. A remote watchdog that gets no pings raises an alarm by itself, even
/// when this machine is down.
void ping(const std::string& url, int state, const std::string& text);

}  // namespace hp::hp_stats
