#include "mining/whole_difficulty.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace hp;
using bitcoin::compare;
using bitcoin::difficulty_from_target;
using bitcoin::Target;
using bitcoin::target_from_difficulty;
using mining::told_difficulty;
using mining::whole_difficulty_target;

namespace {

/// Difficulties from 2^-20 to 2^60, as many in each octave.
Target random_target(std::mt19937_64& random) {
    return target_from_difficulty(std::exp2(std::uniform_real_distribution<double>(-20, 60)(random)));
}
/// As a miner takes it: the number on the line as a target, a hair easier for rounding.
bool is_at_least_as_hard(double told, const Target& target) {
    return told >= difficulty_from_target(target) * (1 - 1e-9);
}
bool is_whole(double value) { return value == std::floor(value); }

}  // namespace

TEST_CASE("a difficulty that is told is whole above 1, and never below what the pool accepts") {
    std::mt19937_64 random{1};
    for (int i = 0; i < 100'000; ++i) {
        const auto target = random_target(random);
        const double told = told_difficulty(target, std::nullopt);
        CAPTURE(difficulty_from_target(target));
        REQUIRE((told <= 1 || is_whole(told)));
        REQUIRE(is_at_least_as_hard(told, target));
        REQUIRE(told < difficulty_from_target(target) * (1 + 1e-9) + 1);
    }
}

TEST_CASE("a difficulty that is told is never above the network's") {
    std::mt19937_64 random{2};
    for (int i = 0; i < 100'000; ++i) {
        const auto target = random_target(random), network = random_target(random);
        const double told = told_difficulty(target, network);
        CAPTURE(difficulty_from_target(target));
        CAPTURE(difficulty_from_target(network));
        REQUIRE((told <= 1 || is_whole(told)));
        REQUIRE(told <= difficulty_from_target(network) * (1 + 1e-9));
        // Nor below the pool's, except for that reason.
        if (!is_at_least_as_hard(told, target)) REQUIRE(told > difficulty_from_target(network) - 1);
    }
    // regtest, and testnet4's minimum
    CHECK(told_difficulty(target_from_difficulty(700), bitcoin::target_from_nbits(0x207fffff)) < 1e-9);
    CHECK(told_difficulty(target_from_difficulty(700), bitcoin::target_from_nbits(0x1d00ffff)) == 1);
    CHECK(told_difficulty(target_from_difficulty(700), bitcoin::target_from_nbits(0x17038c45)) == 700);
}

TEST_CASE("a whole difficulty's target is the nearest within the limit, and is told as it is") {
    std::mt19937_64 random{3};
    for (int i = 0; i < 100'000; ++i) {
        auto wanted = random_target(random), limit = random_target(random);
        if (compare(wanted, limit) > 0) std::swap(wanted, limit);
        const auto target = whole_difficulty_target(wanted, limit);
        const double difficulty = difficulty_from_target(wanted);
        CAPTURE(difficulty);
        REQUIRE(compare(target, limit) <= 0);
        if (difficulty <= 1) {
            REQUIRE(target == wanted);
            continue;
        }
        const double told = told_difficulty(target, std::nullopt);
        REQUIRE(is_whole(told));
        REQUIRE(std::abs(told - difficulty) <= 1 + difficulty * 1e-9);
        REQUIRE(told == std::round(difficulty_from_target(target)));
        // Once more changes nothing.
        REQUIRE(whole_difficulty_target(target, limit) == target);
    }
    CHECK(whole_difficulty_target(target_from_difficulty(7.4), target_from_difficulty(1)) ==
          target_from_difficulty(7));
    CHECK(whole_difficulty_target(target_from_difficulty(7.4), target_from_difficulty(7.2)) ==
          target_from_difficulty(8));
}
