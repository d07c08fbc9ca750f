#include "mining/rate_estimate.hpp"

#include <cmath>
#include <random>

#include "vectors.hpp"

using namespace hp;
using mining::RateEstimate;

TEST_CASE("a claim is believed until there are shares, and no claim is no rate") {
    CHECK(RateEstimate(1e12, 50).hps() == doctest::Approx(1e12).epsilon(1e-9));
    CHECK(RateEstimate(0, 50).hps() == 0);
    RateEstimate none{0, 50};
    none.observe(1e-9, 20);
    CHECK(none.hps() == doctest::Approx(2e10).epsilon(0.02));
}

TEST_CASE("shares of any mixture of targets give the same rate") {
    std::mt19937_64 random{3};
    constexpr double rate_hps = 1e12;
    double sum = 0;
    for (int round = 0; round < 300; ++round) {
        RateEstimate estimate{0, 50};
        for (int i = 0; i < 400; ++i) {
            const double exposure = std::exp2(static_cast<double>(random() % 8)) / 16 / rate_hps;
            estimate.observe(exposure, std::poisson_distribution<int>{rate_hps * exposure}(random));
        }
        CHECK(estimate.hps() == doctest::Approx(rate_hps).epsilon(0.6));
        sum += estimate.hps() / 300;
    }
    CHECK(sum == doctest::Approx(rate_hps).epsilon(0.03));
}

TEST_CASE("doubt: none about the estimate, 2 at about two standard deviations, more with more evidence") {
    RateEstimate estimate{0, 1e9};
    for (int i = 0; i < 100; ++i) estimate.observe(1, 1);
    CHECK(estimate.doubt(estimate.hps()) < 0.01);
    CHECK(estimate.doubt(1.2) == doctest::Approx(1.8).epsilon(0.1));
    CHECK(estimate.doubt(1.4) > estimate.doubt(1.2));
    CHECK(estimate.doubt(0.6) > estimate.doubt(0.8));
    const double before = estimate.doubt(1.2);
    for (int i = 0; i < 100; ++i) estimate.observe(1, 1);
    CHECK(estimate.doubt(1.2) > 1.8 * before);
}

TEST_CASE("a step is noticed after as much evidence as it needs, and only the new rate counts") {
    struct Step {
        double factor;
        int observations_max;  ///< of half an expected share each, before the step
    };
    for (const auto& [factor, observations_max] :
         {Step{100, 1}, Step{10, 3}, Step{3, 25}, Step{0.2, 90}, Step{0, 24}}) {
        RateEstimate estimate{1, 50};
        for (int i = 0; i < 200; ++i) estimate.observe(0.5, 0.5);
        int observations = 0;
        while (std::abs(estimate.hps() - factor) > 0.5 * factor + 0.1 && observations < 1'000) {
            estimate.observe(0.5, 0.5 * factor);
            ++observations;
        }
        CAPTURE(factor);
        CHECK(observations <= observations_max);
    }
}

TEST_CASE("silence is suspected after six expected shares, and a share takes it back") {
    RateEstimate estimate{1, 50};
    for (int i = 0; i < 100; ++i) estimate.observe(1, 1);
    double silent = 0;
    for (; !estimate.is_silence_suspected() && silent < 20; silent += 0.1) estimate.observe(0.1, 0);
    CHECK(silent == doctest::Approx(6).epsilon(0.05));
    // Nothing is forgotten yet: six of fifty shares' evidence say nothing came.
    CHECK(estimate.hps() > 0.85);
    estimate.observe(0.1, 2);
    CHECK_FALSE(estimate.is_silence_suspected());
    CHECK(estimate.hps() > 0.9);
}

TEST_CASE("extreme and empty observations keep the estimate finite") {
    for (double exposure : {0.0, 1e-300, 1e-75, 1e-12, 1.0, 1e6}) {
        RateEstimate estimate{1e12, 50};
        for (double shares : {0.0, 1.0, 1e7, 0.0}) {
            estimate.observe(exposure, shares);
            CHECK(std::isfinite(estimate.hps()));
            CHECK(estimate.hps() >= 0);
            CHECK_FALSE(std::isnan(estimate.doubt(1e12)));
        }
    }
}
