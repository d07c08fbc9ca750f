// Repeated lines are written once and then counted. Each module has one slot, for its last line: a line that
// differs is always written, and what a peer provokes in one module does not affect others.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "log/levels.hpp"

namespace hp::log {

/// For this long, a repeated line is only counted.
inline constexpr SteadyMs kRepeatsMs = 10'000;

class Repeats {
  public:
    struct Said {
        Module module{};
        Level level{};
        std::string text;
        std::uint64_t repeated{0};
    };
    /// What to write for this line: the repeats, if a run of them has ended, and the line itself, unless it
    /// is a repeat.
    std::vector<Said> take(Module module, Level level, std::string_view text, SteadyMs now_ms);
    /// Counts that have waited for kRepeatsMs.
    std::vector<Said> due(SteadyMs now_ms);
    /// All counts, at the end of the program.
    std::vector<Said> rest();

  private:
    struct Last {
        Level level{};
        std::string text;
        std::uint64_t repeated{0};
        SteadyMs since_ms{0};
        bool is_set{false};
    };
    template <class Which>
    std::vector<Said> counts(Which&& which);
    std::array<Last, std::size(kModules)> last_;
};

}  // namespace hp::log
