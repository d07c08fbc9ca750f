#include "stats/estimate.hpp"

#include <boost/math/special_functions/gamma.hpp>

#include <cmath>

namespace hp::stats {
namespace {

constexpr double kTail = 0.025;
constexpr double kTailSigma = 1.959963984540054;
/// From this many shares on, Wilson and Hilferty's cube (1931) is within a millionth of the exact quantile,
/// which then takes Boost a quarter of a millisecond.
constexpr double kManyShares = 10'000;

double cube_quantile(double shape, double sigma) {
    const double root = 1 - 1 / (9 * shape) + sigma / (3 * std::sqrt(shape));
    return shape * root * root * root;
}
/// Quantiles of the gamma distribution at both tails.
double low_quantile(double shape) {
    return shape < kManyShares ? boost::math::gamma_p_inv(shape, kTail) : cube_quantile(shape, -kTailSigma);
}
double high_quantile(double shape) {
    return shape < kManyShares ? boost::math::gamma_q_inv(shape, kTail) : cube_quantile(shape, kTailSigma);
}

}  // namespace

std::optional<HashRate> estimate(const Sums& shares, double seconds) {
    if (seconds < 1) return {};
    HashRate out{.hps = shares.work_hashes / seconds};
    if (shares.work_hashes <= 0 || shares.work_squared <= 0) return out;
    const double work = shares.work_hashes, squared = shares.work_squared, most = shares.work_max;
    out.low_hps = low_quantile(work * work / squared) * squared / work / seconds;
    // The next share, with the largest weight, could have come just after the end.
    const double next_work = work + most, next_squared = squared + most * most;
    out.high_hps = high_quantile(next_work * next_work / next_squared) * next_squared / next_work / seconds;
    return out;
}

}  // namespace hp::stats
