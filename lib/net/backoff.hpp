// How long to wait before the next attempt.
#pragma once
#include <cstdint>

namespace hp::net {

/// Waits between attempts: doubles from first to max, with jitter in [0.5, 1).
class Backoff {
  public:
    Backoff(std::int64_t first_ms, std::int64_t max_ms)
        : first_ms_{first_ms}, max_ms_{max_ms}, next_ms_{first_ms} {}
    std::int64_t next_ms(std::uint32_t random);
    void reset() { next_ms_ = first_ms_; }

  private:
    std::int64_t first_ms_, max_ms_, next_ms_;
};

}  // namespace hp::net
