#include "mining/whole_difficulty.hpp"

#include <cmath>

namespace hp::mining {
namespace {

/// Above this a fraction is less than the rounding error, and no share target is that hard.
constexpr double kWholeFrom = 0x1p40;
/// A whole difficulty's target is rounded down to an integer, so it converts back to slightly more.
constexpr double kRoundingError = 1e-9;

}  // namespace

bitcoin::Target whole_difficulty_target(const bitcoin::Target& wanted, const bitcoin::Target& limit) {
    const double difficulty = bitcoin::difficulty_from_target(wanted);
    if (difficulty <= 1 || difficulty >= kWholeFrom) return wanted;
    const double whole = std::round(difficulty);
    const auto target = bitcoin::target_from_difficulty(whole);
    return bitcoin::compare(target, limit) > 0 ? bitcoin::target_from_difficulty(whole + 1) : target;
}

double told_difficulty(const bitcoin::Target& target, const std::optional<bitcoin::Target>& network_target) {
    double told = bitcoin::difficulty_from_target(target);
    if (told > 1) {
        const double nearest = std::round(told);
        told = std::abs(told - nearest) <= told * kRoundingError ? nearest : std::ceil(told);
    }
    if (!network_target) return told;
    const double network = bitcoin::difficulty_from_target(*network_target);
    if (told <= network) return told;
    return network > 1 ? std::floor(network * (1 + kRoundingError)) : network;
}

}  // namespace hp::mining
