// The hash rate that shares prove. Each share is luck: of n shares the true rate is known to about 1/sqrt(n).
#pragma once
#include <optional>

#include "stats/batch.hpp"

namespace hp::stats {

/// Expected hashes of difficulty 1, 2^48 / 65535.
inline constexpr double kHashesOfDifficulty = 281474976710656.0 / 65535;

struct HashRate {
    double hps{};                      ///< accepted work over time
    double low_hps{};                  ///< with the next, the 95 % interval of the true rate
    std::optional<double> high_hps{};  ///< nothing where no share says how much one is worth
};

/// Work is the expected hashes of the targets that shares were credited at. Arrivals are Poisson: the
/// interval is that of Fay and Feuer for weighted sums (Statistics in Medicine 16, 1997), which is Garwood's
/// exact one where all shares are of one target. Nothing below one second.
std::optional<HashRate> estimate(const Sums& shares, double seconds);

}  // namespace hp::stats
