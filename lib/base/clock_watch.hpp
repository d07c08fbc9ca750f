// Detects that the system clock was set while the program runs, by the monotonic clock. Pure.
#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace hp {

class ClockWatch {
  public:
    /// Smaller steps are a time service's work, as are steps smaller than the time since the last check.
    static constexpr std::int64_t kStepMs = 10'000;
    /// A clock that stays where it was set for this long is taken to be right.
    static constexpr SteadyMs kSettledMs = 3'600'000;

    ClockWatch(UnixMs now, SteadyMs steady_now)
        : base_{now - steady_now}, last_{base_}, looked_ms_{steady_now} {}

    struct News {
        bool is_right{};   ///< again
        std::string what;  ///< "the system clock was set back by 86400 s"
    };
    /// To be called every second or so; returns a message if the clock was set since the last call.
    std::optional<News> look(UnixMs now, SteadyMs steady_now);
    /// How far it is from where it would be if it had not been set; 0 if it was not set, or has settled.
    std::int64_t off_ms() const { return last_ - base_; }

  private:
    std::int64_t base_;  ///< wall minus monotonic time while the clock is right
    std::int64_t last_;
    SteadyMs looked_ms_;
    SteadyMs stepped_ms_{0};
};

}  // namespace hp
