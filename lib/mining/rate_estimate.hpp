// A miner's hash rate from its shares. Targets differ in how much a share tells, so evidence is a number of
// shares and an exposure: seconds / hashes that a share takes, summed over the targets. Shares come by chance
// (Poisson), so shares / exposure is the most likely rate. Old evidence fades; where shares contradict the
// estimate, only the newer counts.
#pragma once
#include <array>

namespace hp::mining {

class RateEstimate {
  public:
    /// `claimed_hps` counts as a few shares' evidence; 0: no claim. `memory_shares`: about how many shares
    /// count.
    RateEstimate(double claimed_hps, double memory_shares);
    /// Forgets everything.
    void restart(double claimed_hps);

    /// What came in a time at one target. `exposure`: seconds / hashes that a share of that target takes.
    void observe(double exposure, double shares);

    /// Hashes per second; 0 if nothing is known.
    double hps() const { return rate_of(all_); }
    /// How much better the estimate explains the evidence than another rate: ln of the ratio of likelihoods,
    /// so 2 is about two standard deviations.
    double doubt(double hps) const;
    /// For so long no share came that chance is an unlikely reason, but not yet a discarded one. An easier
    /// target tells soon.
    bool is_silence_suspected() const;

  private:
    struct Evidence {
        double shares{0}, exposure{0};
    };
    static double rate_of(const Evidence& evidence);
    /// That the rate has become a known multiple of the estimate (CUSUM): the sum of the shares' ln of
    /// likelihood ratios since it last was 0, which is the most likely time of the change.
    struct Suspicion {
        double sum{0};
        Evidence since{};
    };
    double memory_shares_;
    Evidence all_{};
    std::array<Suspicion, 6> suspicions_{};
    double before_silence_hps_{0};  ///< the estimate when the silence began
};

}  // namespace hp::mining
