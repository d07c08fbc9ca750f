// Variable difficulty: a channel's target follows its hash rate. Time is monotonic and comes as an argument,
// so a stepped clock changes nothing.
#pragma once
#include <optional>

#include "base/clock.hpp"
#include "bitcoin/target.hpp"

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
    /// The period of judgements that are not urgent; longer if six shares take longer.
    SteadyMs period_ms{60'000};
};

/// Estimates hash rate from the work of accepted shares and proposes targets that aim at shares_per_minute:
/// at once (after a change interval) if shares flood in, after a period if they differ by more than chance or
/// do not come at all.
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
    std::optional<bitcoin::Target> on_network_target(const bitcoin::Target& network_target);

    /// The last judgement, in hashes per second; initially the client's claim. Finite and not negative.
    double hash_rate_hps() const { return hash_rate_hps_; }

  private:
    std::optional<bitcoin::Target> judge_window(SteadyMs now_ms);
    void restart_window(SteadyMs now_ms);
    bitcoin::Target clamped_target(double hash_rate_hps) const;
    std::optional<bitcoin::Target> adopt(double hash_rate_hps, SteadyMs now_ms);

    VardiffRules rules_;
    bitcoin::Target max_target_;
    bitcoin::Target target_;
    std::optional<bitcoin::Target> network_target_{};  ///< not easier than the easiest
    double hash_rate_hps_{0};
    SteadyMs period_ms_{0};
    SteadyMs last_change_ms_{0};
    SteadyMs window_start_ms_{0};
    SteadyMs last_share_ms_{0};
    std::uint64_t window_share_count_{0};
    double window_work_{0};
    double claim_hps_{0};  ///< the last claim; a repetition is ignored
    std::optional<double> waiting_claim_hps_{};
    std::optional<SteadyMs> last_claim_ms_{};
};

}  // namespace hp::mining
