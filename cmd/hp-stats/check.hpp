// What hp-stats check does beside printing its line.
#pragma once
#include <string>

#include "verbs.hpp"

namespace hp::hp_stats {

inline constexpr const char* kStates[] = {"OK", "WARNING", "CRITICAL", "UNKNOWN"};
inline constexpr int kUnknown = 3;

/// Runs the command of --run where the state is another than at the last check; before the first one all was
/// well. The command sees HP_CHECK_STATE, HP_CHECK_BEFORE and HP_CHECK_TEXT; what it prints goes to stderr.
/// When it fails, it runs again at the next check.
void run_at_change(const CheckOptions& options, int state, const std::string& text);

/// GET where all is well, else POST to URL/fail. A watchdog elsewhere that hears nothing gives alarm by
/// itself: also when this machine is gone.
void ping(const std::string& url, int state, const std::string& text);

}  // namespace hp::hp_stats
