// How long the pool has had no work: no connection, or no template behind it.
#pragma once
#include <optional>

#include "base/clock.hpp"

namespace hp::proxy {

class Outage {
  public:
    /// `patience_ms` 0: for ever.
    Outage(SteadyMs patience_ms, SteadyMs now) : patience_ms_{patience_ms}, since_ms_{now} {}

    void begin(SteadyMs now) {
        if (!since_ms_) since_ms_ = now;
    }
    void end() { since_ms_.reset(); }

    bool is_on() const { return since_ms_.has_value(); }
    SteadyMs lasted_ms(SteadyMs now) const { return since_ms_ ? now - *since_ms_ : 0; }
    /// Long enough that miners should try another pool.
    bool is_over_patience(SteadyMs now) const {
        return is_on() && patience_ms_ > 0 && lasted_ms(now) >= patience_ms_;
    }

  private:
    SteadyMs patience_ms_;
    std::optional<SteadyMs> since_ms_;
};

}  // namespace hp::proxy
