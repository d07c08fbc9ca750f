// How many invalid shares a channel may send. Each costs as much to judge as a good one and brings nothing,
// so a peer that sends little else would take the others' time.
#pragma once
#include <algorithm>
#include <cstdint>

#include "base/token_bucket.hpp"
#include "mining/allowance.hpp"

namespace hp::mining {

/// The budget is spent by invalid shares; each accepted share gives one back, and each second. So a channel
/// of any speed goes on as long as half of its shares are good, and one that never has a good one stops soon.
/// Those that no good share of the channel pays for are spent from the connection's allowance as well.
class ShareBudget {
  public:
    enum class Take : std::uint8_t {
        judge,   ///< pass it on
        refuse,  ///< answer it unlooked at
        close,   ///< it has been refused as often again: let go of the channel
    };
    /// What a channel is judged at least, however little is left to its connection: whoever is honest has a
    /// good one among them, and its budget then.
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
    /// It was judged to be neither: the judge is away or too busy.
    void on_unjudged() { settle(); }

    /// Whether good shares of this channel pay for its next invalid one.
    bool is_paid_for() const { return paid_ > 0; }
    /// Whether one more may be on its way to the judge: a peer that has proven nothing could otherwise spend
    /// its budget many times over before the first verdict comes back.
    bool may_wait() const { return waiting_ < invalid_max_ + proven_; }
    static constexpr std::uint32_t kWaitingMax = 1024;

  private:
    void settle() {
        if (waiting_ > 0) --waiting_;
    }
    std::uint32_t invalid_max_;
    TokenBucket left_;
    std::uint32_t paid_{
        0};  ///< accepted shares without an invalid one of their own yet, as far as they count
    std::uint32_t invalid_{0};  ///< since the last accepted share; and so tries and refusals
    std::uint32_t tries_{0};
    std::uint32_t refused_{0};
    std::uint32_t waiting_{0};
    std::uint32_t proven_{0};  ///< accepted shares, as far as they count
};

}  // namespace hp::mining
