// Reports when the system clock was set while the program runs: a log line, and an alarm.
#pragma once
#include <functional>
#include <string>

#include "base/clock_watch.hpp"
#include "net/loop.hpp"

namespace hp::net {

class ClockGuard {
  public:
    /// `consequence` is appended to the message: what it means for this program. `on_alarm` writes the
    /// record.
    ClockGuard(Loop& loop, std::string consequence, std::function<void(const std::string&)> on_alarm);
    /// See ClockWatch.
    std::int64_t off_ms() const { return watch_.off_ms(); }
    /// "clock set back by 86400 s; " for the line of `systemctl status`, or empty.
    std::string status_text() const;

  private:
    void look();
    ClockWatch watch_{unix_ms_now(), steady_ms_now()};
    std::string consequence_;
    std::function<void(const std::string&)> on_alarm_;
    Timer timer_;
};

}  // namespace hp::net
