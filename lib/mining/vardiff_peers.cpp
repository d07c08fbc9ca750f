#include "mining/vardiff_peers.hpp"

#include <algorithm>
#include <cmath>

namespace hp::mining {
namespace {

double seconds_between(SteadyMs from_ms, SteadyMs to_ms) {
    return static_cast<double>(to_ms - from_ms) / 1000;
}

// ckpool's constants.
constexpr double kCkpoolJudgeS = 240;
constexpr double kCkpoolBandLow = 0.15 / 0.3, kCkpoolBandHigh = 0.4 / 0.3;
constexpr double kCkpoolSecondsMin = 0.001;
constexpr double kCkpoolExponentMax = 36;

double part_of_period(double seconds, double period_s) {
    return 1 - std::exp(-std::min(seconds / period_s, kCkpoolExponentMax));
}

void decay(double& average_per_s, double work, double seconds, double period_s) {
    const double part = part_of_period(seconds, period_s);
    average_per_s = (average_per_s + work / seconds * part) / (1 + part);
}

constexpr SteadyMs kSriCycleMs = 60'000;
constexpr double kSriHashRateMin = 1;

}  // namespace

CkpoolVardiff::CkpoolVardiff(double shares_per_minute, double claimed_hps, SteadyMs now_ms)
    : goal_per_s_{shares_per_minute / 60},
      work_{std::max(claimed_hps / goal_per_s_, 1.0)},
      target_{bitcoin::target_from_hashrate(work_, 60)},
      last_share_ms_{now_ms} {}

void CkpoolVardiff::on_share(const bitcoin::Target& credited_target, SteadyMs now_ms) {
    if (!has_share_) {
        has_share_ = true;
        first_share_ms_ = last_change_ms_ = now_ms;
    }
    const double since_share_s = std::max(seconds_between(last_share_ms_, now_ms), kCkpoolSecondsMin);
    const double credited_work = bitcoin::work_from_target(credited_target);
    decay(work_per_s_1_min_, credited_work, since_share_s, 60);
    decay(work_per_s_5_min_, credited_work, since_share_s, 300);
    last_share_ms_ = now_ms;
    ++shares_since_change_;

    const bool is_flood = shares_since_change_ >= kCkpoolJudgeS * goal_per_s_;
    if (!is_flood && seconds_between(last_change_ms_, now_ms) < kCkpoolJudgeS) return;
    if (credited_target != target_) {
        shares_since_change_ = 0;
        return;
    }
    const double since_first_s = std::max(seconds_between(first_share_ms_, now_ms), kCkpoolSecondsMin);
    const double work_per_s = is_flood ? work_per_s_1_min_ / part_of_period(since_first_s, 60)
                                       : work_per_s_5_min_ / part_of_period(since_first_s, 300);
    const double ratio = work_per_s / work_ / goal_per_s_;
    if (ratio > kCkpoolBandLow && ratio < kCkpoolBandHigh) return;
    const double optimal = std::max(work_per_s / goal_per_s_, 1.0);
    if (optimal < work_ && shares_since_change_ == 1) {
        last_change_ms_ = now_ms;  // it may have been away
        return;
    }
    shares_since_change_ = 0;
    last_change_ms_ = now_ms;
    work_ = optimal;
    target_ = bitcoin::target_from_hashrate(work_, 60);
}

SriVardiff::SriVardiff(double shares_per_minute, double claimed_hps, SteadyMs now_ms)
    : shares_per_minute_{shares_per_minute},
      hash_rate_hps_{claimed_hps},
      target_{bitcoin::target_from_hashrate(claimed_hps, shares_per_minute)},
      window_start_ms_{now_ms},
      next_cycle_ms_{now_ms + kSriCycleMs} {}

void SriVardiff::update(SteadyMs now_ms) {
    if (now_ms < next_cycle_ms_) return;
    next_cycle_ms_ += kSriCycleMs;
    const double seconds = std::floor(seconds_between(window_start_ms_, now_ms));
    const double claimed_hps = std::max(hash_rate_hps_, kSriHashRateMin);
    double measured_hps = static_cast<double>(share_count_) / seconds * bitcoin::work_from_target(target_);
    const double percent = std::abs(measured_hps - claimed_hps) / claimed_hps * 100;
    const bool is_due = percent >= 100 || (percent >= 60 && seconds >= 60) ||
                        (percent >= 50 && seconds >= 120) || (percent >= 45 && seconds >= 180) ||
                        (percent >= 30 && seconds >= 240) || (percent >= 15 && seconds >= 300);
    if (!is_due) return;
    // A cycle takes 60 s, so the steps for shorter windows never apply.
    if (share_count_ == 0)
        measured_hps = claimed_hps / 3;
    else if (percent > 1000)
        measured_hps = claimed_hps * 3;
    hash_rate_hps_ = std::max(measured_hps, kSriHashRateMin);
    share_count_ = 0;
    window_start_ms_ = now_ms;
    target_ = bitcoin::target_from_hashrate(hash_rate_hps_, shares_per_minute_);
}

}  // namespace hp::mining
