// How many invalid shares a peer may send. Each costs as much to judge as a good one and brings nothing, so a
// peer that sends little else would take the others' time.
#pragma once
#include <cstdint>

#include "base/token_bucket.hpp"

namespace hp::mining {

/// The budget is spent by invalid shares; each accepted share gives one back, and each second. So a peer of
/// any speed goes on as long as half of its shares are good, and one that never sends a good one stops soon.
class ShareBudget {
  public:
    enum class Take : std::uint8_t {
        judge,   ///< pass it on
        refuse,  ///< answer it unlooked at
        close,   ///< it has been refused as often again: let go of the peer
    };
    ShareBudget(std::uint32_t invalid_max, SteadyMs now) : ShareBudget(invalid_max, now, invalid_max) {}
    /// `first` of it at the begin: for a peer that is known for invalid shares.
    ShareBudget(std::uint32_t invalid_max, SteadyMs now, std::uint32_t first)
        : waiting_max_{invalid_max}, first_{first}, left_(invalid_max, 1, now, first) {}

    /// A share came in.
    Take take(SteadyMs now) {
        if (left_.has(now)) {
            ++waiting_;
            return Take::judge;
        }
        return refused_++ < first_ ? Take::refuse : Take::close;
    }
    void on_accepted() {
        settle();
        refused_ = 0;
        left_.give_back();
        if (proven_ < kWaitingMax) ++proven_;
    }
    void on_invalid() {
        settle();
        left_.owe();
    }
    /// It was judged to be neither: the judge is away or too busy.
    void on_unjudged() { settle(); }

    /// Whether one more may be on its way to the judge: a peer that has proven nothing could otherwise spend
    /// its budget many times over before the first verdict comes back.
    bool may_wait() const { return waiting_ < waiting_max_ + proven_; }
    static constexpr std::uint32_t kWaitingMax = 1024;

  private:
    void settle() {
        if (waiting_ > 0) --waiting_;
    }
    std::uint32_t
        waiting_max_;  ///< of a peer that has proven nothing; what its address did costs no good share
    std::uint32_t first_;
    TokenBucket left_;
    std::uint32_t refused_{0};
    std::uint32_t waiting_{0};
    std::uint32_t proven_{0};  ///< accepted shares, as far as they count
};

}  // namespace hp::mining
