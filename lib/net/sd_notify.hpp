// The service manager's protocol: what systemd is told of this process. All of it does nothing without
// systemd.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hp::net {

/// Lines as "READY=1\nSTATUS=text"; into the void without NOTIFY_SOCKET.
void sd_notify(std::string_view state);

/// How often WatchdogSec= wants to hear "WATCHDOG=1" from this process: half its time; 0 where nobody waits.
std::int64_t sd_watchdog_period_ms();

/// The line of `systemctl status`, told when it has changed.
class StatusLine {
  public:
    void set(std::string text);

  private:
    std::string told_;
};

}  // namespace hp::net
