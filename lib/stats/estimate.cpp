#include "stats/estimate.hpp"

#include <boost/math/special_functions/gamma.hpp>

namespace hp::stats {

std::optional<HashRate> estimate(const Sums& shares, double seconds) {
    if (seconds < 1) return {};
    HashRate out{.hps = shares.work_hashes / seconds};
    if (shares.work_hashes <= 0 || shares.work_squared <= 0) return out;
    constexpr double kTail = 0.025;
    const double work = shares.work_hashes, squared = shares.work_squared, most = shares.work_max;
    out.low_hps = boost::math::gamma_p_inv(work * work / squared, kTail) * squared / work / seconds;
    // The next share, of the greatest weight, could have come just after the end.
    const double next_work = work + most, next_squared = squared + most * most;
    out.high_hps = boost::math::gamma_q_inv(next_work * next_work / next_squared, kTail) * next_squared /
                   next_work / seconds;
    return out;
}

}  // namespace hp::stats
