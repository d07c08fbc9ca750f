#include "mining/rate_estimate.hpp"

#include <algorithm>
#include <cmath>

namespace hp::mining {
namespace {

/// What a claim is worth.
constexpr double kClaimShares = 6;
/// Added to the shares that came, so that silence gives a rate too.
constexpr double kSharesUnseen = 0.15;
/// The changes that are looked for; one between them shows as its nearest.
constexpr std::array kFactors{1.5, 2.5, 10.0, 0.6, 0.3, 0.01};
constexpr std::size_t kSilence = 5;
/// Believed at this sum: in e^11 = 60,000 shares chance reaches it about once.
constexpr double kBelieved = 11;
/// Of e^6 = 400 waits for a share, chance makes one so long.
constexpr double kSilenceSuspected = 6;

double ln_factor(std::size_t i) {
    static const auto logs = [] {
        std::array<double, kFactors.size()> out{};
        std::ranges::transform(kFactors, out.begin(), [](double factor) { return std::log(factor); });
        return out;
    }();
    return logs[i];
}

}  // namespace

RateEstimate::RateEstimate(double claimed_hps, double memory_shares) : memory_shares_{memory_shares} {
    restart(claimed_hps);
}

void RateEstimate::restart(double claimed_hps) {
    all_ = claimed_hps > 0 ? Evidence{kClaimShares - kSharesUnseen, kClaimShares / claimed_hps} : Evidence{};
    suspicions_ = {};
}

double RateEstimate::rate_of(const Evidence& evidence) {
    return evidence.exposure > 0 ? (evidence.shares + kSharesUnseen) / evidence.exposure : 0;
}

double RateEstimate::doubt(double hps) const {
    const double expected = hps * all_.exposure;
    const double shares = all_.shares;
    return shares > 0 ? shares * std::log(shares / expected) - (shares - expected) : expected;
}

bool RateEstimate::is_silence_suspected() const { return suspicions_[kSilence].sum >= kSilenceSuspected; }

void RateEstimate::observe(double exposure, double shares) {
    const double before_hps = hps();
    const double expected = before_hps * exposure;
    const double kept = std::exp(-std::max(expected, shares) / memory_shares_);
    all_ = {all_.shares * kept + shares, all_.exposure * kept + exposure};
    if (before_hps <= 0) return;

    // What replaces the evidence: the largest change, so that more shares never give a lower rate.
    Evidence changed = all_;
    bool has_risen = false;
    for (std::size_t i = 0; i < kFactors.size(); ++i) {
        Suspicion& suspicion = suspicions_[i];
        // Silence is judged by the rate before it, as the estimate falls meanwhile.
        if (i == kSilence && suspicion.sum <= 0) before_silence_hps_ = before_hps;
        const double usual = i == kSilence ? before_silence_hps_ * exposure : expected;
        suspicion.sum += shares * ln_factor(i) - (kFactors[i] - 1) * usual;
        if (suspicion.sum <= 0) {
            suspicion = {};
            continue;
        }
        suspicion.since.shares += shares;
        suspicion.since.exposure += exposure;
        if (suspicion.sum < kBelieved) continue;
        Evidence since = suspicion.since;
        suspicion = {};
        const bool is_rise = kFactors[i] > 1;
        // A rise is believed when a share comes; without that one, the others are a fair sample.
        if (is_rise) since.shares = std::max(since.shares - 1, since.shares / 2);
        if (is_rise ? rate_of(since) > rate_of(changed) : !has_risen && rate_of(since) < rate_of(changed)) {
            changed = since;
            has_risen = is_rise;
        }
    }
    if (rate_of(changed) == hps()) return;
    all_ = changed;
    suspicions_ = {};
}

}  // namespace hp::mining
