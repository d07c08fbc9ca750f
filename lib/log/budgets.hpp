// At most one line a second per peer from one place in the code, so that a flood does not push out other
// peers' lines.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace hp::log {

class Budgets {
  public:
    /// Peers with their own line within a second; further peers share one.
    static constexpr std::size_t kPeersMax = 64;
    static constexpr SteadyMs kPeriodMs = 1000;

    /// How many lines were suppressed before this one; nothing if this one is suppressed too. An empty `peer`
    /// is shared by all calls without one.
    std::optional<std::uint64_t> take(std::string_view peer, SteadyMs now_ms);

  private:
    struct Budget {
        std::string peer;
        SteadyMs last_ms{-kPeriodMs};
        std::uint64_t left_out{0};
        bool is_free(SteadyMs now_ms) const { return now_ms - last_ms >= kPeriodMs; }
    };
    Budget& budget_of(std::string_view peer, SteadyMs now_ms);
    Budget shared_;
    std::vector<Budget> own_;
};

}  // namespace hp::log
