// At most one line a second from each peer at one place in the code, so that who floods the log leaves the
// others' lines in it.
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
    /// Peers that have one of their own within a second; what further ones provoke shares one.
    static constexpr std::size_t kPeersMax = 64;
    static constexpr SteadyMs kPeriodMs = 1000;

    /// How many lines were left out before this one; nothing when this one is left out too. An empty `peer`
    /// stands for all that name none.
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
