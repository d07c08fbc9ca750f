#include "mining/share_budget.hpp"

#include <doctest/doctest.h>

using namespace hp;
using Budget = mining::ShareBudget;
using Take = Budget::Take;

namespace {

/// Of a connection that has all that a channel may ask for: what the channel has by itself is looked at.
mining::Allowance& ample() {
    static const mining::AllowanceRules rules{.invalid_max = 1'000'000};
    static mining::Allowance out{rules, std::make_shared<mining::Gift>(rules, 0)};
    return out;
}

}  // namespace

TEST_CASE(
    "a peer that sends nothing but invalid shares: some are judged, as many refused, then it is closed") {
    Budget budget(50, 0);
    int judged = 0, refused = 0;
    Take take{};
    while ((take = budget.take(0, ample())) != Take::close) {
        if (take == Take::judge) {
            ++judged;
            budget.on_invalid(0, ample());
        } else {
            ++refused;
        }
        REQUIRE(judged + refused <= 1000);
    }
    CHECK(judged == 50);
    CHECK(refused == 50);
}

TEST_CASE("whoever sends a good share for each invalid one is never refused, at any speed") {
    Budget budget(10, 0);
    for (int i = 0; i < 100'000; ++i) {
        REQUIRE(budget.take(0, ample()) == Take::judge);
        if (i % 2 == 0)
            budget.on_accepted();
        else
            budget.on_invalid(0, ample());
    }
}

TEST_CASE(
    "a device that sends an invalid share a second goes on for ever; a good share makes up for refusals") {
    Budget budget(10, 0);
    for (SteadyMs now = 0; now < 10'000'000; now += 1'000) {
        REQUIRE(budget.take(now, ample()) == Take::judge);
        budget.on_invalid(now, ample());
    }
    Budget other(10, 0);
    for (int round = 0; round < 100; ++round) {
        const SteadyMs now = round * 60'000;
        for (int i = 0; i < 15; ++i) {
            const auto take = other.take(now, ample());
            REQUIRE(take != Take::close);
            if (take == Take::judge) other.on_invalid(0, ample());
        }
        REQUIRE(other.take(now + 50'000, ample()) == Take::judge);
        other.on_accepted();
    }
}

TEST_CASE("shares that nobody could judge cost nothing") {
    Budget budget(10, 0);
    for (int i = 0; i < 10'000; ++i) {
        REQUIRE(budget.take(0, ample()) == Take::judge);
        REQUIRE(budget.may_wait());
        budget.on_unjudged();
    }
}

TEST_CASE(
    "a peer that has proven nothing has no more shares on their way than its budget; good ones raise that") {
    Budget budget(10, 0);
    int waiting = 0;
    while (budget.may_wait()) {
        REQUIRE(budget.take(0, ample()) == Take::judge);
        REQUIRE(++waiting <= 10);
    }
    CHECK(waiting == 10);
    for (int i = 0; i < waiting; ++i) budget.on_accepted();
    waiting = 0;
    while (budget.may_wait()) {
        REQUIRE(budget.take(0, ample()) == Take::judge);
        ++waiting;
    }
    CHECK(waiting == 20);
}
