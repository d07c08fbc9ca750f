// Whether a program is alive, by the times of its records. Pure.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace hp::web {

class Liveness {
  public:
    /// Programs write their status every second: without a record for this long, one is silent.
    static constexpr SteadyMs kSilentMs = 3'000;
    /// Records older than this come from a backlog, or from a wrong clock.
    static constexpr UnixMs kBehindMsMax = 30'000;

    /// The time of the source's newest record (by its clock), as seen at `now` and `steady_now` (ours).
    void see(const std::string& source, UnixMs last_ms, UnixMs now, SteadyMs steady_now);

    struct Source {
        std::string name;
        UnixMs last_ms{};  ///< of its newest record
        bool is_heard{};
    };
    std::vector<Source> sources(UnixMs now, SteadyMs steady_now) const;

  private:
    struct Seen {
        UnixMs last_ms{};
        SteadyMs heard_ms{};
    };
    std::map<std::string, Seen> seen_;
};

}  // namespace hp::web
