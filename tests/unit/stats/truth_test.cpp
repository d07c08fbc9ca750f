#include "stats/truth.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace hp::stats;

namespace {

Sums shares_of(std::uint64_t count, double work) {
    const auto n = static_cast<double>(count);
    return {.count = count, .work_hashes = n * work, .work_squared = n * work * work, .work_max = work};
}

}  // namespace

TEST_CASE("truth: of honest claims as many part as the sigma says, and no more") {
    std::mt19937_64 random{7};
    constexpr double kSeconds = 300, kWork = 1e12;
    for (const double mean : {3.0, 30.0, 3000.0}) {
        std::poisson_distribution<std::uint64_t> luck{mean};
        int apart = 0;
        constexpr int kTrials = 20'000;
        for (int i = 0; i < kTrials; ++i) {
            const std::uint64_t count = luck(random);
            apart +=
                parts(truth_of({{}, mean * kWork / kSeconds}, shares_of(count, kWork), kSeconds, kWork), 2);
        }
        // 4.55 per cent at two sigmas; fewer where counts are small and whole.
        CHECK(apart < kTrials * 0.055);
        if (mean > 1000) CHECK(apart > kTrials * 0.036);
    }
}

TEST_CASE("truth: sigmas are those of the normal distribution for many shares") {
    const auto truth = truth_of({{}, 10'000 * 1.0}, shares_of(10'300, 1), 1, 0);
    CHECK(*truth.sigma == doctest::Approx(3).epsilon(0.02));
    CHECK(*truth_of({{}, 10'000 * 1.0}, shares_of(9'700, 1), 1, 0).sigma ==
          doctest::Approx(-3).epsilon(0.02));
    CHECK(std::abs(*truth_of({{}, 10'000 * 1.0}, shares_of(10'000, 1), 1, 0).sigma) < 0.05);
    CHECK(*truth_of({{}, 1e30}, shares_of(1, 1), 1, 0).sigma < -30);
}

TEST_CASE("truth: without shares only who knows what one is worth can judge") {
    CHECK_FALSE(truth_of({{}, 1e9}, {}, 60, 0).sigma);
    CHECK(*truth_of({{}, 1e9}, {}, 60, 1e9).sigma < -6);
    CHECK_FALSE(truth_of({{}, 1e9}, {}, 0.5, 1e9).sigma);
}

TEST_CASE("claims as texts") {
    CHECK(claim_from_text("rig1=110T")->hps == doctest::Approx(110e12));
    CHECK(*claim_from_text("a=b=1.5k")->worker == "a=b");
    CHECK(claim_from_text("2e3")->hps == 2000);
    CHECK_FALSE(claim_from_text("2e3")->worker);
    CHECK(claim_from_text("=5")->worker == "");
    for (const char* bad : {"", "x", "1X", "1TT", "-1", "0", "inf", "nan", "1e400", "a=", "1 T"})
        CHECK_FALSE(claim_from_text(bad));
}

TEST_CASE("error bars go on without a step where the exact quantile is left") {
    const auto width = [](std::uint64_t shares) {
        const auto rate = *estimate(shares_of(shares, 1), 1);
        const auto n = static_cast<double>(shares);
        return std::pair((n - rate.low_hps) / std::sqrt(n), (*rate.high_hps - n) / std::sqrt(n));
    };
    const auto [exact_low, exact_high] = width(9'990);
    const auto [low, high] = width(10'010);
    CHECK(low == doctest::Approx(exact_low).epsilon(1e-4));
    CHECK(high == doctest::Approx(exact_high).epsilon(1e-4));
    CHECK(width(1'000'000'000).first == doctest::Approx(1.96).epsilon(1e-3));
}
