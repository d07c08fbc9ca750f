// Whether somebody has set the system clock while the program runs, told from the monotonic one. Pure.
#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"

namespace hp {

class ClockWatch {
  public:
    /// Less is the work of a time service; and so is what is less than the time since the last look.
    static constexpr std::int64_t kStepMs = 10'000;
    /// A clock that stays where it was set for so long is taken to be right.
    static constexpr SteadyMs kSettledMs = 3'600'000;

    ClockWatch(UnixMs now, SteadyMs steady_now)
        : base_{now - steady_now}, last_{base_}, looked_ms_{steady_now} {}

    struct News {
        bool is_right{};   ///< again
        std::string what;  ///< "the system clock was set back by 86400 s"
    };
    /// To be asked every second or so; news when the clock was set since the last time.
    std::optional<News> look(UnixMs now, SteadyMs steady_now);
    /// How far it is from where it would be had nobody set it; 0 where nobody has, or it has settled.
    std::int64_t off_ms() const { return last_ - base_; }

  private:
    std::int64_t base_;  ///< wall minus monotonic time of a clock that is right
    std::int64_t last_;
    SteadyMs looked_ms_;
    SteadyMs stepped_ms_{0};
};

}  // namespace hp
