#include "base/clock_watch.hpp"

#include <cstdlib>
#include <utility>

namespace hp {

std::optional<ClockWatch::News> ClockWatch::look(UnixMs now, SteadyMs steady_now) {
    const std::int64_t difference = now - steady_now;
    const std::int64_t step = difference - last_;
    last_ = difference;
    const SteadyMs since_look_ms = steady_now - std::exchange(looked_ms_, steady_now);
    if (std::abs(step) < kStepMs + since_look_ms) {
        base_ += step;
        if (off_ms() != 0 && steady_now - stepped_ms_ >= kSettledMs) base_ = last_;
        return {};
    }
    stepped_ms_ = steady_now;
    const std::string seconds = std::to_string((std::abs(step) + 500) / 1000) + " s";
    if (std::abs(off_ms()) < kStepMs) {
        base_ = last_;
        return News{true, "the system clock is right again: it was corrected by " + seconds};
    }
    return News{false, step < 0 ? "the system clock was set back by " + seconds
                                : "the system clock was set forward by " + seconds +
                                      ", or this machine was suspended for that long"};
}

}  // namespace hp
