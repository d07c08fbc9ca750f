// Limits the work done for peers before they pay: checking invalid shares, opening channels. Channels and
// connections cost a peer nothing, so they must not multiply it: there is one free allowance for all
// connections of a source, and beyond that only valid shares pay.
#pragma once
#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>

#include "base/token_bucket.hpp"
#include "mining/source.hpp"

namespace hp::mining {

struct AllowanceRules {
    std::uint32_t invalid_max{1000};  ///< per channel: share_budget.hpp
    std::size_t channels_max{4096};   ///< per connection

    // The numbers, with the defaults of pool.toml. Measured: an invalid share takes 18 us of a core to check,
    // answer and record, and a channel 29 us to open.
    //
    // A restarting translator with 4,000 miners opens all channels in a burst, before the first share: so a
    // source may open two full connections at once, 8,192 requests, and one more each minute (68 a second).
    // If none of it ever pays that is 0.24 s of a core at once, and 0.2 % of it permanently. A source that
    // has used up its invalid shares (1,000, and one a second) has one try per request instead: 0.15 s and
    // 0.1 %.
    double requests_at_once() const {
        return static_cast<double>(std::max<std::size_t>(8192, 2 * channels_max));
    }
    double requests_per_second() const { return requests_at_once() / 120; }
    /// An accepted share pays for this many invalid shares, or openings, of the connection's other channels:
    /// one bad miner among many may do its worst. A farm of 4,000 has 1,300 valid shares a second.
    static constexpr double kPaidByShare = 100;
    /// Upper limit of savings: 16 channels that send nothing valid.
    double saved_max() const { return 16.0 * invalid_max; }
    /// Consecutive refusals for lack of an allowance, without a valid share between them, until the
    /// connection is closed: nobody would miss it. More if it has ever had a valid share.
    double refused_max(bool has_earned) const { return has_earned ? saved_max() : 4.0 * invalid_max; }
};

/// Shared by all connections of a source.
struct Gift {
    Gift(const AllowanceRules& rules, SteadyMs now)
        : invalid{double{1} * rules.invalid_max, 1, now},
          requests{rules.requests_at_once(), rules.requests_per_second(), now},
          kept{kKeptAtOnce, 1, now},
          spent_ms{now} {}
    /// Records of refused shares: their file is small, and honest miners need theirs in it too.
    static constexpr double kKeptAtOnce = 240;
    TokenBucket invalid;
    TokenBucket requests;  ///< channels opened, and tries
    TokenBucket kept;
    SteadyMs spent_ms;
};

class Allowance;

class Gifts {
  public:
    /// A source that is not connected and has used nothing for this long starts as a new one.
    static constexpr SteadyMs kRememberedMs = 600'000;
    static constexpr std::size_t kMax = 4096;  ///< sources remembered, besides connected ones

    explicit Gifts(const AllowanceRules& rules) : rules_{rules} {}

    std::shared_ptr<Gift> of(const Source& source, SteadyMs now) {
        if (source.connection_id != 0) return std::make_shared<Gift>(rules_, now);
        if (gifts_.size() >= kMax && !gifts_.contains(source)) forget(now);
        auto& gift = gifts_[source];
        if (!gift || is_forgotten(gift, now)) gift = std::make_shared<Gift>(rules_, now);
        return gift;
    }
    /// For one connection of that source.
    Allowance allowance(const Source& source, SteadyMs now);
    std::size_t size() const { return gifts_.size(); }

  private:
    static bool is_forgotten(const std::shared_ptr<Gift>& gift, SteadyMs now) {
        return gift.use_count() == 1 && now - gift->spent_ms >= kRememberedMs;
    }
    void forget(SteadyMs now) {
        std::erase_if(gifts_, [&](const auto& one) { return is_forgotten(one.second, now); });
        auto oldest = gifts_.end();
        std::size_t unused = 0;
        for (auto it = gifts_.begin(); it != gifts_.end(); ++it) {
            if (it->second.use_count() > 1) continue;
            ++unused;
            if (oldest == gifts_.end() || it->second->spent_ms < oldest->second->spent_ms) oldest = it;
        }
        if (unused >= kMax) gifts_.erase(oldest);
    }
    AllowanceRules rules_;
    std::map<Source, std::shared_ptr<Gift>> gifts_;
};

/// Of one connection: what its valid shares have paid for, and its source's free allowance.
class Allowance {
  public:
    Allowance(const AllowanceRules& rules, std::shared_ptr<Gift> gift)
        : rules_{rules}, gift_{std::move(gift)} {}

    /// Whether one more invalid share is paid for.
    bool has(SteadyMs now) { return saved_ >= 1 || gift_->invalid.has(now); }
    /// Whether at least a try is left, for a channel that has had few.
    bool has_try(SteadyMs now) { return gift_->requests.has(now); }
    /// An invalid share not paid for by its own channel. True: it used a try.
    bool spend(SteadyMs now) {
        gift_->spent_ms = now;
        if (take_saved() || gift_->invalid.take(now)) return false;
        return gift_->requests.take(now);
    }
    /// One more channel. False: not now.
    bool open(SteadyMs now) {
        gift_->spent_ms = now;
        if (gift_->requests.take(now) || take_saved()) return true;
        on_refused();
        return false;
    }
    /// An open channel had its first valid share.
    void give_back_opening() { gift_->requests.give_back(); }
    void on_accepted() {
        saved_ = std::min(rules_.saved_max(), saved_ + AllowanceRules::kPaidByShare);
        has_earned_ = true;
        refused_ = 0;
    }
    void on_refused() { ++refused_; }
    /// Nothing but refusals for too long: close the connection.
    bool is_over() const { return refused_ >= rules_.refused_max(has_earned_); }
    /// Whether to record an invalid share of a channel without valid ones.
    bool keep(SteadyMs now) { return gift_->kept.take(now); }

  private:
    bool take_saved() {
        if (saved_ < 1) return false;
        saved_ -= 1;
        return true;
    }
    AllowanceRules rules_;
    std::shared_ptr<Gift> gift_;
    double saved_{0};
    double refused_{0};
    bool has_earned_{false};
};

inline Allowance Gifts::allowance(const Source& source, SteadyMs now) { return {rules_, of(source, now)}; }

}  // namespace hp::mining
