// How many invalid shares a channel may send. Each costs as much to check as a valid one and brings nothing,
// so a peer that sends little else would take time from the others.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/token_bucket.hpp"
#include "mining/allowance.hpp"

namespace hp::mining {

/// Invalid shares use up the budget; each accepted share gives one back, and so does each second. So a
/// channel of any speed continues as long as half of its shares are valid, and one that never has a valid
/// share stops soon. Invalid shares that the channel's valid ones do not pay for also use the connection's
/// allowance.
class ShareBudget {
  public:
    enum class Take : std::uint8_t {
        judge,   ///< check it
        refuse,  ///< answer it unchecked
        close,   ///< refused as many times again: close the channel
    };
    /// The minimum of a channel, however little its connection has left: an honest miner has a valid one
    /// among them, and then its budget.
    static constexpr std::uint32_t kTries = 10;

    ShareBudget(std::uint32_t invalid_max, SteadyMs now)
        : invalid_max_{invalid_max}, left_(invalid_max, 1, now) {}

    /// A share came in.
    Take take(SteadyMs now, Allowance& allowance) {
        if (left_.has(now)) {
            if (is_paid_for() || allowance.has(now) || (tries_ < kTries && allowance.has_try(now))) {
                ++waiting_;
                return Take::judge;
            }
            allowance.on_refused();
        }
        return refused_++ < std::max(invalid_, kTries) ? Take::refuse : Take::close;
    }
    void on_accepted() {
        settle();
        refused_ = invalid_ = tries_ = 0;
        left_.give_back();
        paid_ = std::min(paid_ + 1, invalid_max_);
        if (proven_ < kWaitingMax) ++proven_;
    }
    void on_invalid(SteadyMs now, Allowance& allowance) {
        settle();
        left_.owe();
        invalid_ = std::min(invalid_ + 1, invalid_max_);
        if (is_paid_for())
            --paid_;
        else if (allowance.spend(now))
            ++tries_;
    }
    /// It was neither: the pool is down or too busy.
    void on_unjudged() { settle(); }

    /// Whether valid shares of this channel pay for its next invalid one.
    bool is_paid_for() const { return paid_ > 0; }
    /// Whether one more may be in flight: an unproven peer could otherwise use its budget many times over
    /// before the first verdict comes back.
    bool may_wait() const { return waiting_ < invalid_max_ + proven_; }
    static constexpr std::uint32_t kWaitingMax = 1024;

  private:
    void settle() {
        if (waiting_ > 0) --waiting_;
    }
    std::uint32_t invalid_max_;
    TokenBucket left_;
    std::uint32_t paid_{0};     ///< accepted shares not yet matched by an invalid one, as far as they count
    std::uint32_t invalid_{0};  ///< since the last accepted share, like tries and refusals
    std::uint32_t tries_{0};
    std::uint32_t refused_{0};
    std::uint32_t waiting_{0};
    std::uint32_t proven_{0};  ///< accepted shares, as far as they count
};

}  // namespace hp::mining
