#include "net/clock_guard.hpp"

#include <cstdlib>

#include "log/log.hpp"

namespace hp::net {

namespace {
constexpr std::int64_t kLookMs = 1'000;
}

ClockGuard::ClockGuard(Loop& loop, std::string consequence, std::function<void(const std::string&)> on_alarm)
    : consequence_{std::move(consequence)}, on_alarm_{std::move(on_alarm)}, timer_{loop} {
    timer_.every(kLookMs, [this] { look(); });
}

void ClockGuard::look() {
    const auto news = watch_.look(unix_ms_now(), steady_ms_now());
    if (!news) return;
    if (news->is_right) return log::info("{}", news->what);
    const std::string what = news->what + "; " + consequence_;
    log::warn("{}", what);
    on_alarm_(what);
}

std::string ClockGuard::status_text() const {
    const std::int64_t off_s = (off_ms() + (off_ms() < 0 ? -500 : 500)) / 1000;
    if (off_s == 0) return {};
    return std::string("clock set ") + (off_s < 0 ? "back" : "forward") + " by " +
           std::to_string(std::abs(off_s)) + " s; ";
}

}  // namespace hp::net
