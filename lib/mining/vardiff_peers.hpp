// The rules of other pools' vardiff, written from their sources, for comparison in the lab (vardiff_lab.hpp).
// No pool runs them.
#pragma once
#include "base/clock.hpp"
#include "bitcoin/target.hpp"

namespace hp::mining {

/// ckpool (stratifier.c, add_submit; read at 2026-02). Its rates of 18 shares a minute and 72 shares are
/// scaled to the goal, as its author does for SRI (stratum-mining/sv2-apps#647). Judges only when a share
/// comes.
class CkpoolVardiff {
  public:
    CkpoolVardiff(double shares_per_minute, double claimed_hps, SteadyMs now_ms);
    const bitcoin::Target& target() const { return target_; }
    void on_share(const bitcoin::Target& credited_target, SteadyMs now_ms);

  private:
    double goal_per_s_;
    double work_;  ///< hashes that a share of the target takes
    bitcoin::Target target_;
    bool has_share_{false};
    double work_per_s_1_min_{0}, work_per_s_5_min_{0};  ///< moving averages
    SteadyMs first_share_ms_{0}, last_share_ms_{0}, last_change_ms_{0};
    double shares_since_change_{0};
};

/// SRI (stratum-mining/stratum, channels_sv2 vardiff/classic.rs at 26802203): once per cycle of 60 s, as its
/// pool, Job Declarator client and translator do.
class SriVardiff {
  public:
    SriVardiff(double shares_per_minute, double claimed_hps, SteadyMs now_ms);
    const bitcoin::Target& target() const { return target_; }
    void on_share() { ++share_count_; }
    void update(SteadyMs now_ms);

  private:
    double shares_per_minute_;
    double hash_rate_hps_;
    bitcoin::Target target_;
    std::uint64_t share_count_{0};
    SteadyMs window_start_ms_;
    SteadyMs next_cycle_ms_;
};

}  // namespace hp::mining
