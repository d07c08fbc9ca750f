#include "web/liveness.hpp"

#include <algorithm>

namespace hp::web {

void Liveness::see(const std::string& source, UnixMs last_ms, UnixMs now, SteadyMs steady_now) {
    const auto [at, is_new] = seen_.try_emplace(source);
    Seen& seen = at->second;
    // Later only progress counts, so that slightly differing clocks do not matter.
    if (is_new)
        seen = {last_ms, steady_now - std::max<UnixMs>(now - last_ms, 0)};
    else if (last_ms > seen.last_ms)
        seen = {last_ms, steady_now};
}

std::vector<Liveness::Source> Liveness::sources(UnixMs now, SteadyMs steady_now) const {
    std::vector<Source> out;
    for (const auto& [name, seen] : seen_)
        out.push_back({name, seen.last_ms,
                       steady_now - seen.heard_ms <= kSilentMs && now - seen.last_ms <= kBehindMsMax});
    return out;
}

}  // namespace hp::web
