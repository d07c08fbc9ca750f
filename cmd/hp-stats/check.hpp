// What hp-stats check does besides printing its line.
#pragma once
#include <string>

#include "verbs.hpp"

namespace hp::hp_stats {

inline constexpr const char* kStates[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
inline constexpr int kUnknown = 3;

/// Runs the command of --run if the state differs from the last check's; initially OK. The command gets
/// HP_CHECK_STATE, HP_CHECK_BEFORE and HP_CHECK_TEXT; its output goes to stderr. If it fails, it runs again
/// at the next check.
void run_at_change(const CheckOptions& options, int state, const std::string& text);

/// GET if OK, else POST to URL/fail. A remote watchdog that gets no pings raises an alarm by itself, even
/// when this machine is down.
void ping(const std::string& url, int state, const std::string& text);

}  // namespace hp::hp_stats
