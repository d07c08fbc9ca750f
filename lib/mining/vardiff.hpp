// Variable difficulty: a channel's target follows its hash rate. Time is monotonic and comes as an argument,
// so a stepped clock changes nothing.
#pragma once
#include <optional>

#include "base/clock.hpp"
#include "bitcoin/target.hpp"
#include "mining/rate_estimate.hpp"

namespace hp::mining {

/// With a limit harder than 2^250 hashes a client would never find a share: refused with
/// max-target-out-of-range.
bool is_usable_max_target(const bitcoin::Target& max_target);
/// The nearest acceptable limit, for a proxy whose miners suggest their own.
bitcoin::Target usable_max_target(const bitcoin::Target& wanted);

struct VardiffRules {
    double shares_per_minute{6};
    /// The pool's easiest target: a share below its work is worth nothing.
    bitcoin::Target easiest_target{};
    /// A change costs a message and a job, so this is the minimum between two.
    SteadyMs change_interval_ms_min{1'000};
    /// Between small changes, and between two claims of the client that count.
    SteadyMs period_ms{60'000};
};

/// Estimates hash rate from accepted shares and proposes targets that aim at shares_per_minute: as soon as
/// the shares tell it for large changes, once in a period for small ones. docs/design/vardiff.md has the
/// figures.
class Vardiff {
  public:
    /// `nominal_hash_rate_hps` is the client's claim: anything that is not a positive number counts as none.
    Vardiff(const VardiffRules& rules, float nominal_hash_rate_hps, const bitcoin::Target& max_target,
            SteadyMs now_ms);

    /// The current target, of a whole difficulty wherever above 1. Never easier than the rules' easiest
    /// target. Never harder than the network's; apart from that, never easier than the client's max_target.
    const bitcoin::Target& target() const { return target_; }

    /// An accepted share, credited at this target.
    void on_share(const bitcoin::Target& credited_target, SteadyMs now_ms);
    /// A new target, when it is time for one. Cheap: call it after shares and about once a second.
    std::optional<bitcoin::Target> update(SteadyMs now_ms);
    /// UpdateChannel: the client's new claim and limit. Returns the new target if it changes; within a change
    /// interval it waits for update(). A claim counts once per period, so that a client cannot override a
    /// measured hash rate every second; a repeated claim is ignored.
    std::optional<bitcoin::Target> on_client_update(float nominal_hash_rate_hps,
                                                    const bitcoin::Target& max_target, SteadyMs now_ms);

    /// A new tip: a target that is harder than the network's, or was limited by the last tip's, changes at
    /// once. Returns the new one; send it before the tip.
    std::optional<bitcoin::Target> on_network_target(const bitcoin::Target& network_target, SteadyMs now_ms);

    /// The estimate; initially the client's claim. Finite and not negative.
    double hash_rate_hps() const { return rate_.hps(); }

  private:
    void observe(SteadyMs now_ms);
    double unit_work(SteadyMs at_ms) const;
    std::optional<bitcoin::Target> judge(SteadyMs now_ms);
    bitcoin::Target clamped_target(double hash_rate_hps) const;
    std::optional<bitcoin::Target> set_target(SteadyMs now_ms);
    std::optional<bitcoin::Target> aim_at(double hash_rate_hps, SteadyMs now_ms);

    VardiffRules rules_;
    bitcoin::Target max_target_;
    bitcoin::Target target_;
    std::optional<bitcoin::Target> network_target_{};  ///< not easier than the easiest
    RateEstimate rate_;
    double aimed_hps_;         ///< the target is meant for this rate, where the limits allow
    double work_{0};           ///< hashes that a share of the target takes
    double previous_work_{0};  ///< of the target before the last change
    SteadyMs target_since_ms_;
    SteadyMs last_change_ms_;
    SteadyMs observed_until_ms_;
    double new_shares_{0};  ///< since then
    bool is_probing_{false};
    double claim_hps_;  ///< the last claim; a repetition is ignored
    std::optional<double> waiting_claim_hps_{};
    std::optional<SteadyMs> last_claim_ms_{};
};

}  // namespace hp::mining
