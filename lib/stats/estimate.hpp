// The hash rate proven by shares. Each share is luck: n shares give the true rate to about 1/sqrt(n).
#pragma once
#include <optional>

#include "stats/batch.hpp"

namespace hp::stats {

/// Expected hashes of difficulty 1, 2^48 / 65535.
inline constexpr double kHashesOfDifficulty = 281474976710656.0 / 65535;

struct HashRate {
    double hps{};                      ///< accepted work over time
    double low_hps{};                  ///< with `high`, the 95 % interval of the true rate
    std::optional<double> high_hps{};  ///< nothing without a share to tell the work of one
};

/// Work is the expected hashes of the credited targets. Arrivals are Poisson: the interval is that of Fay and
/// Feuer for weighted sums (Statistics in Medicine 16, 1997), which is Garwood's exact one if all shares have
/// the same target. Nothing below one second.
std::optional<HashRate> estimate(const Sums& shares, double seconds);

}  // namespace hp::stats
