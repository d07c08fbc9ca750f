#include "log/budgets.hpp"

#include <doctest/doctest.h>

using namespace hp;

TEST_CASE("AC-086 one line a second for each peer, and the next one says how many were left out") {
    log::Budgets budgets;
    std::size_t lines = 0;
    for (SteadyMs now = 0; now < 1'000; ++now) lines += budgets.take("flood", now).has_value();
    CHECK(lines == 1);
    CHECK(budgets.take("flood", 1'000) == 999);
    CHECK(budgets.take("flood", 2'000) == 0);
}

TEST_CASE("AC-086 who floods the log pushes out no other peer's line") {
    log::Budgets budgets;
    for (SteadyMs now = 0; now < 100; ++now) (void)budgets.take("flood", now);
    CHECK(budgets.take("other", 100) == 0);
    CHECK(budgets.take("", 100) == 0);
}

TEST_CASE("more peers than places share one line a second; idle ones make room, and no line goes uncounted") {
    log::Budgets budgets;
    constexpr std::size_t kPeers = 1'000;
    std::size_t lines = 0;
    for (std::size_t i = 0; i < kPeers; ++i) lines += budgets.take("peer" + std::to_string(i), 0).has_value();
    CHECK(lines == log::Budgets::kPeersMax + 1);
    CHECK_FALSE(budgets.take("peer0", 500).has_value());
    CHECK(budgets.take("new", 1'000) == 0);
    CHECK(budgets.take("", 1'000) == kPeers - lines + 1);
}
