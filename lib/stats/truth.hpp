// Compares measured with claimed hash rate, in units of mining's luck.
#pragma once
#include <string>
#include <vector>

#include "stats/estimate.hpp"
#include "stats/history_text.hpp"

namespace hp::stats {

struct Claim {
    std::optional<std::string> worker{};  ///< nothing: all workers together
    double hps{};
};
/// "rig1=110T", or "2.5P" for all together; prefixes k to Z; a worker's name may contain '='.
Result<Claim> claim_from_text(std::string_view text);

struct Truth {
    Claim claim;
    std::optional<HashRate> measured{};
    std::uint64_t shares{};
    /// How unlikely it is that the claim is true and luck was no better (below 0) or no worse (above 0), in
    /// sigmas of the normal distribution. Nothing without a share to tell the work of one.
    std::optional<double> sigma{};
};

/// Compares the claim with the window's shares. If there are none, `work_of_one` is the work of one share, in
/// expected hashes; 0: unknown.
Truth truth_of(const Claim& claim, const Sums& shares, double seconds, double work_of_one);

/// Whether they differ by more than `sigmas`; false if unknown.
inline bool parts(const Truth& truth, double sigma_max) {
    return truth.sigma && std::abs(*truth.sigma) > sigma_max;
}

std::string truth_text(const std::vector<Truth>& truths, double sigma_max, Format format);

}  // namespace hp::stats
