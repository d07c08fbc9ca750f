// A budget that time refills: so much at once, and so much a second for ever.
#pragma once
#include <algorithm>

#include "base/clock.hpp"

namespace hp {

class TokenBucket {
  public:
    /// Full at first. A `capacity` of 0 never has a token.
    TokenBucket(double capacity, double per_second, SteadyMs now)
        : TokenBucket(capacity, per_second, now, capacity) {}
    /// With `tokens` at first.
    TokenBucket(double capacity, double per_second, SteadyMs now, double tokens)
        : capacity_{capacity}, per_second_{per_second}, tokens_{tokens}, refilled_ms_{now} {}

    /// False, and nothing is taken, where there is no whole token.
    bool take(SteadyMs now) {
        if (!has(now)) return false;
        tokens_ -= 1;
        return true;
    }
    bool has(SteadyMs now) {
        // A clock that goes back, or a bucket asked in the wrong order, refills nothing.
        if (now > refilled_ms_) {
            const double earned = static_cast<double>(now - refilled_ms_) * per_second_ / 1000;
            tokens_ = std::min(capacity_, tokens_ + earned);
            refilled_ms_ = now;
        }
        return tokens_ >= 1;
    }
    void give_back() { tokens_ = std::min(capacity_, tokens_ + 1); }
    /// Takes one whether or not there is one; never more than a full bucket is owed.
    void owe() { tokens_ = std::max(-capacity_, tokens_ - 1); }

  private:
    double capacity_, per_second_, tokens_;
    SteadyMs refilled_ms_;
};

}  // namespace hp
