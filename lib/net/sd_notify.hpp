// The service manager's protocol: notifies systemd about this process. Does nothing without systemd.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hp::net {

/// Lines such as "READY=1\nSTATUS=text"; ignored without NOTIFY_SOCKET.
void sd_notify(std::string_view state);

/// How often to send "WATCHDOG=1": half of WatchdogSec=; 0 if the watchdog is off.
std::int64_t sd_watchdog_period_ms();

/// The status line of `systemctl status`, sent if it has changed.
class StatusLine {
  public:
    void set(std::string text);

  private:
    std::string told_;
};

}  // namespace hp::net
