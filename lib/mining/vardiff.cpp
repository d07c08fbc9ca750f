#include "mining/vardiff.hpp"

#include <algorithm>
#include <cmath>

#include "mining/whole_difficulty.hpp"

namespace hp::mining {
namespace {

// About how many shares' evidence counts: this many, or those of this time where they are more.
constexpr double kMemoryShares = 45;
constexpr double kMemoryMinutes = 3;
// A target is left alone if it is off by less than this,
constexpr double kRatioIgnored = 1.35;
// or if the evidence hardly contradicts it (ln of the ratio of likelihoods, about one standard deviation).
constexpr double kDoubtIgnored = 0.7;
// A smaller change waits for the period.
constexpr double kRatioLarge = 1.5;
// When no shares come, a target that is so much easier tells within seconds whether the miner has stopped.
constexpr double kProbe = 32;
// A miner may take so long until it works on a new target.
constexpr SteadyMs kSwitchMs = 3'000;

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
    : rules_{rules},
      max_target_{max_target},
      rate_{sane(nominal_hash_rate_hps), std::max(kMemoryShares, kMemoryMinutes * rules.shares_per_minute)},
      aimed_hps_{sane(nominal_hash_rate_hps)},
      target_since_ms_{now_ms - kSwitchMs},
      // The first change need not wait.
      last_change_ms_{now_ms - rules.change_interval_ms_min},
      observed_until_ms_{now_ms},
      claim_hps_{aimed_hps_} {
    HP_ASSERT(std::isfinite(rules.shares_per_minute) && rules.shares_per_minute > 0);
    HP_ASSERT(rules.change_interval_ms_min > 0 && rules.period_ms > 0);
    target_ = clamped_target(aimed_hps_);
    work_ = bitcoin::work_from_target(target_);
}

bitcoin::Target Vardiff::clamped_target(double hash_rate_hps) const {
    const auto limit = harder(rules_.easiest_target, max_target_);
    const auto by_rate = bitcoin::target_from_hashrate(hash_rate_hps, rules_.shares_per_minute);
    const auto target = whole_difficulty_target(harder(by_rate, limit), limit);
    // Whatever the client says: a miner with a harder target than the network's would withhold blocks.
    return network_target_ && bitcoin::compare(target, *network_target_) < 0 ? *network_target_ : target;
}

/// The target follows from the aim and the limits.
std::optional<bitcoin::Target> Vardiff::set_target(SteadyMs now_ms) {
    const auto target = clamped_target(aimed_hps_);
    if (target == target_) return std::nullopt;
    previous_work_ = unit_work(now_ms);
    target_ = target;
    work_ = bitcoin::work_from_target(target_);
    target_since_ms_ = now_ms;
    return target;
}

std::optional<bitcoin::Target> Vardiff::aim_at(double hash_rate_hps, SteadyMs now_ms) {
    aimed_hps_ = sane(hash_rate_hps);
    auto target = set_target(now_ms);
    if (target) last_change_ms_ = now_ms;
    return target;
}

std::optional<bitcoin::Target> Vardiff::on_network_target(const bitcoin::Target& network_target,
                                                          SteadyMs now_ms) {
    const bool was_held = network_target_ && target_ == *network_target_;
    network_target_ = harder(network_target, rules_.easiest_target);
    if (!was_held && bitcoin::compare(target_, *network_target_) >= 0) return std::nullopt;
    observe(now_ms);
    return set_target(now_ms);
}

/// Exposure is counted, and shares are weighed, by the harder of both targets while a miner may still work on
/// the last one: so the sums are right whatever it works on.
double Vardiff::unit_work(SteadyMs at_ms) const {
    return at_ms - target_since_ms_ < kSwitchMs ? std::max(work_, previous_work_) : work_;
}

void Vardiff::on_share(const bitcoin::Target& credited_target, SteadyMs now_ms) {
    const double unit = unit_work(now_ms);
    const double work = credited_target == target_ ? work_ : bitcoin::work_from_target(credited_target);
    new_shares_ += std::min(work / unit, 1.0);
    if (credited_target != target_ || previous_work_ == 0) return;
    observe(now_ms);
    previous_work_ = 0;  // it works on the new target
}

void Vardiff::observe(SteadyMs now_ms) {
    const SteadyMs elapsed_ms = now_ms - observed_until_ms_;
    if (elapsed_ms <= 0) return;
    rate_.observe(static_cast<double>(elapsed_ms) / 1000 / unit_work(observed_until_ms_), new_shares_);
    observed_until_ms_ = now_ms;
    new_shares_ = 0;
}

std::optional<bitcoin::Target> Vardiff::judge(SteadyMs now_ms) {
    const double hps = rate_.hps();
    if (hps <= 0) return std::nullopt;
    if (const bool is_silent = rate_.is_silence_suspected(); is_silent || is_probing_) {
        if (is_silent == is_probing_) return std::nullopt;
        is_probing_ = is_silent;
        return aim_at(is_silent ? hps / kProbe : hps, now_ms);
    }
    // The hash rate that the target is meant for, also where a limit made it.
    const double meant_hps = work_ * rules_.shares_per_minute / 60;
    const double ratio = std::max(hps / meant_hps, meant_hps / hps);
    if (ratio < kRatioIgnored || rate_.doubt(meant_hps) < kDoubtIgnored) return std::nullopt;
    if (ratio < kRatioLarge && now_ms - last_change_ms_ < rules_.period_ms) return std::nullopt;
    return aim_at(hps, now_ms);
}

std::optional<bitcoin::Target> Vardiff::update(SteadyMs now_ms) {
    observe(now_ms);
    if (now_ms - last_change_ms_ < rules_.change_interval_ms_min) return std::nullopt;
    if (waiting_claim_hps_ && (!last_claim_ms_ || now_ms - *last_claim_ms_ >= rules_.period_ms)) {
        const double claim_hps = *waiting_claim_hps_;
        waiting_claim_hps_.reset();
        last_claim_ms_ = now_ms;
        // A claim that changes nothing must not replace evidence: it would hide silence.
        if (clamped_target(claim_hps) != target_) {
            rate_.restart(claim_hps);
            is_probing_ = false;
            return aim_at(claim_hps, now_ms);
        }
    }
    // The client's limit is now harder than the current target.
    if (bitcoin::compare(target_, max_target_) > 0)
        if (auto target = aim_at(aimed_hps_, now_ms)) return target;
    return judge(now_ms);
}

std::optional<bitcoin::Target> Vardiff::on_client_update(float nominal_hash_rate_hps,
                                                         const bitcoin::Target& max_target, SteadyMs now_ms) {
    max_target_ = max_target;
    if (const double claim_hps = sane(nominal_hash_rate_hps); claim_hps != claim_hps_)
        waiting_claim_hps_ = claim_hps_ = claim_hps;
    return update(now_ms);
}

}  // namespace hp::mining
