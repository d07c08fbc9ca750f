#include "mining/vardiff.hpp"

#include <algorithm>
#include <cmath>

#include "mining/whole_difficulty.hpp"

namespace hp::mining {
namespace {

// A period is long enough to expect this many shares, so that silence is not chance: e^-6 = 0.25 %.
constexpr double kSharesPerPeriodMin = 6;
// Minimum number of shares that count as a flood, if they are also this many times the expected number.
constexpr std::uint64_t kFloodShareCount = 16;
constexpr double kFloodRatio = 3;
// Two silent periods in a row make shares 1024 times easier.
constexpr double kSilenceStep = 32;
// A window without a significant difference ends after this many periods.
constexpr SteadyMs kWindowPeriods = 5;
// Significant difference between count and expectation, in standard deviations.
constexpr double kSignificance = 2.5;
// At the end of a long window a difference below this is not worth a message.
constexpr double kRatioIgnored = 1.15;
// A difference below this is corrected half-way, since a few shares are a poor measurement.
constexpr double kDampedRatio = 4;

const bitcoin::Target& harder(const bitcoin::Target& a, const bitcoin::Target& b) {
    return bitcoin::compare(a, b) < 0 ? a : b;
}

double sane(double hash_rate_hps) {
    return std::isfinite(hash_rate_hps) && hash_rate_hps > 0 ? hash_rate_hps : 0;
}

const bitcoin::Target& hardest_max_target() {
    static const auto target = bitcoin::target_from_work_bits(250);
    return target;
}

}  // namespace

bool is_usable_max_target(const bitcoin::Target& max_target) {
    return bitcoin::compare(max_target, hardest_max_target()) >= 0;
}

bitcoin::Target usable_max_target(const bitcoin::Target& wanted) {
    return is_usable_max_target(wanted) ? wanted : hardest_max_target();
}

Vardiff::Vardiff(const VardiffRules& rules, float nominal_hash_rate_hps, const bitcoin::Target& max_target,
                 SteadyMs now_ms)
    : rules_{rules}, max_target_{max_target}, hash_rate_hps_{sane(nominal_hash_rate_hps)} {
    HP_ASSERT(std::isfinite(rules.shares_per_minute) && rules.shares_per_minute > 0);
    HP_ASSERT(rules.change_interval_ms_min > 0 && rules.period_ms > 0);
    const double long_enough_ms = std::min(kSharesPerPeriodMin / rules.shares_per_minute * 60'000, 1e12);
    period_ms_ = std::max(rules.period_ms, static_cast<SteadyMs>(long_enough_ms));
    claim_hps_ = hash_rate_hps_;
    target_ = clamped_target(hash_rate_hps_);
    // The first change need not wait for an interval; a flood shows only after one anyway.
    last_change_ms_ = now_ms - rules.change_interval_ms_min;
    restart_window(now_ms);
}

bitcoin::Target Vardiff::clamped_target(double hash_rate_hps) const {
    const auto limit = harder(rules_.easiest_target, max_target_);
    const auto by_rate = bitcoin::target_from_hashrate(hash_rate_hps, rules_.shares_per_minute);
    const auto target = whole_difficulty_target(harder(by_rate, limit), limit);
    // Whatever the client says: a miner with a harder target than the network's would withhold blocks.
    return network_target_ && bitcoin::compare(target, *network_target_) < 0 ? *network_target_ : target;
}

std::optional<bitcoin::Target> Vardiff::on_network_target(const bitcoin::Target& network_target) {
    const bool was_held = network_target_ && target_ == *network_target_;
    network_target_ = harder(network_target, rules_.easiest_target);
    if (!was_held && bitcoin::compare(target_, *network_target_) >= 0) return std::nullopt;
    const auto target = clamped_target(hash_rate_hps_);
    if (target == target_) return std::nullopt;
    target_ = target;
    return target;
}

void Vardiff::restart_window(SteadyMs now_ms) {
    window_start_ms_ = now_ms;
    last_share_ms_ = now_ms;
    window_share_count_ = 0;
    window_work_ = 0;
}

void Vardiff::on_share(const bitcoin::Target& credited_target, SteadyMs now_ms) {
    ++window_share_count_;
    window_work_ += bitcoin::work_from_target(credited_target);
    last_share_ms_ = now_ms;
}

/// Applies a judgement: restarts the window, and a different target applies from now on.
std::optional<bitcoin::Target> Vardiff::adopt(double hash_rate_hps, SteadyMs now_ms) {
    hash_rate_hps_ = sane(hash_rate_hps);
    restart_window(now_ms);
    const auto target = clamped_target(hash_rate_hps_);
    if (target == target_) return std::nullopt;
    target_ = target;
    last_change_ms_ = now_ms;
    return target;
}

std::optional<bitcoin::Target> Vardiff::judge_window(SteadyMs now_ms) {
    const SteadyMs elapsed_ms = now_ms - window_start_ms_;
    if (elapsed_ms < rules_.change_interval_ms_min) return std::nullopt;
    const double elapsed_s = static_cast<double>(elapsed_ms) / 1000;
    const double share_work = bitcoin::work_from_target(target_);
    const double expected = rules_.shares_per_minute / 60 * elapsed_s;
    // Shares of jobs from before the last change count by their work, as shares of the current target.
    const double found = window_work_ / share_work;
    const double measured_hps = window_work_ / elapsed_s;
    // The hash rate that the current target is meant for.
    const double aimed_hps = share_work * rules_.shares_per_minute / 60;

    if (window_share_count_ >= kFloodShareCount && found > kFloodRatio * expected)
        return adopt(measured_hps, now_ms);
    if (elapsed_ms < period_ms_) return std::nullopt;

    const bool window_is_long = elapsed_ms >= kWindowPeriods * period_ms_;
    const auto worth_it = [&](double hash_rate_hps) {
        // A channel at its easiest target may never reach the desired rate: leave the window open, for a
        // better estimate.
        return window_is_long || clamped_target(hash_rate_hps) != target_;
    };
    if (now_ms - last_share_ms_ >= period_ms_) {
        const double slower_hps = std::min(aimed_hps, std::max(hash_rate_hps_, measured_hps)) / kSilenceStep;
        if (clamped_target(slower_hps) != target_) return adopt(slower_hps, now_ms);
    }
    if (std::abs(found - expected) > kSignificance * std::sqrt(expected) + 1) {
        const double ratio = measured_hps / aimed_hps;
        const bool believed_whole = ratio > kDampedRatio || ratio < 1 / kDampedRatio;
        const double judged_hps = believed_whole ? measured_hps : (measured_hps + aimed_hps) / 2;
        return worth_it(judged_hps) ? adopt(judged_hps, now_ms) : std::nullopt;
    }
    if (!window_is_long) return std::nullopt;
    const double ratio = found / expected;
    if (ratio > 1 / kRatioIgnored && ratio < kRatioIgnored) {
        hash_rate_hps_ = measured_hps;
        restart_window(now_ms);
        return std::nullopt;
    }
    return adopt(measured_hps, now_ms);
}

std::optional<bitcoin::Target> Vardiff::update(SteadyMs now_ms) {
    if (now_ms - last_change_ms_ < rules_.change_interval_ms_min) return std::nullopt;
    if (waiting_claim_hps_ && (!last_claim_ms_ || now_ms - *last_claim_ms_ >= period_ms_)) {
        const double claim_hps = *waiting_claim_hps_;
        waiting_claim_hps_.reset();
        last_claim_ms_ = now_ms;
        // A claim that changes nothing must not restart the window: it would hide silence.
        if (clamped_target(claim_hps) != target_) return adopt(claim_hps, now_ms);
    }
    if (bitcoin::compare(target_, max_target_) > 0) {
        // The client's limit is now harder than the current target.
        const auto target = clamped_target(hash_rate_hps_);
        if (target != target_) {
            target_ = target;
            last_change_ms_ = now_ms;
            return target_;
        }
    }
    return judge_window(now_ms);
}

std::optional<bitcoin::Target> Vardiff::on_client_update(float nominal_hash_rate_hps,
                                                         const bitcoin::Target& max_target, SteadyMs now_ms) {
    max_target_ = max_target;
    if (const double claim_hps = sane(nominal_hash_rate_hps); claim_hps != claim_hps_)
        waiting_claim_hps_ = claim_hps_ = claim_hps;
    return update(now_ms);
}

}  // namespace hp::mining
