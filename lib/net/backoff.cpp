#include "net/backoff.hpp"

namespace hp::net {

std::int64_t Backoff::next_ms(std::uint32_t random) {
    std::int64_t base = next_ms_;
    next_ms_ = next_ms_ > max_ms_ / 2 ? max_ms_ : next_ms_ * 2;
    // Jitter in [0.5, 1), in 1/2^32 steps: clients that lost a server do not all come back at the same
    // moment.
    auto half = static_cast<std::uint64_t>(base) / 2;
    return static_cast<std::int64_t>(half + ((half * random) >> 32));
}

}  // namespace hp::net
