// A token bucket: a burst, and a rate per second.
#pragma once
#include <algorithm>

#include "base/clock.hpp"

namespace hp {

class TokenBucket {
  public:
    /// Starts full. A `capacity` of 0 never has a token.
    TokenBucket(double capacity, double per_second, SteadyMs now)
        : TokenBucket(capacity, per_second, now, capacity) {}
    /// Starts with `tokens`.
    TokenBucket(double capacity, double per_second, SteadyMs now, double tokens)
        : capacity_{capacity}, per_second_{per_second}, tokens_{tokens}, refilled_ms_{now} {}

    /// False, and takes nothing, if there is not a whole token.
    bool take(SteadyMs now) {
        if (!has(now)) return false;
        tokens_ -= 1;
        return true;
    }
    bool has(SteadyMs now) {
        // A clock that goes back, or calls out of order, refill nothing.
        if (now > refilled_ms_) {
            const double earned = static_cast<double>(now - refilled_ms_) * per_second_ / 1000;
            tokens_ = std::min(capacity_, tokens_ + earned);
            refilled_ms_ = now;
        }
        return tokens_ >= 1;
    }
    void give_back() { tokens_ = std::min(capacity_, tokens_ + 1); }
    /// Takes one even if there is none; the debt is at most a full bucket.
    void owe() { tokens_ = std::max(-capacity_, tokens_ - 1); }

  private:
    double capacity_, per_second_, tokens_;
    SteadyMs refilled_ms_;
};

}  // namespace hp
