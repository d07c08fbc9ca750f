// Measured against claimed hash rate: how far they are apart, in the luck that mining has.
#pragma once
#include <string>
#include <vector>

#include "stats/estimate.hpp"
#include "stats/history_text.hpp"

namespace hp::stats {

struct Claim {
    std::optional<std::string> worker{};  ///< nothing: all together
    double hps{};
};
/// "rig1=110T", or "2.5P" for all together; prefixes k to Z, a worker's name may hold '='.
Result<Claim> claim_from_text(std::string_view text);

struct Truth {
    Claim claim;
    std::optional<HashRate> measured{};
    std::uint64_t shares{};
    /// How unlikely it is that the claim is true and luck was no better (below 0) or no worse (above 0), as
    /// the normal distribution's sigmas. Nothing where no share says how much one is worth.
    std::optional<double> sigma{};
};

/// The claim against the shares of the window. Where there are none `work_of_one` says what one would have
/// been worth, in expected hashes; 0: nobody knows.
Truth truth_of(const Claim& claim, const Sums& shares, double seconds, double work_of_one);

/// Whether the two part by more than so many sigmas; not knowing is no reproach.
inline bool parts(const Truth& truth, double sigma_max) {
    return truth.sigma && std::abs(*truth.sigma) > sigma_max;
}

std::string truth_text(const std::vector<Truth>& truths, double sigma_max, Format format);

}  // namespace hp::stats
