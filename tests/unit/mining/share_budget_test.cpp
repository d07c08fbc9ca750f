#include "mining/share_budget.hpp"

#include "mining/offenders.hpp"

#include <doctest/doctest.h>

using namespace hp;
using Budget = mining::ShareBudget;
using Take = Budget::Take;

TEST_CASE(
    "a peer that sends nothing but invalid shares: some are judged, as many refused, then it is closed") {
    Budget budget(50, 0);
    int judged = 0, refused = 0;
    Take take{};
    while ((take = budget.take(0)) != Take::close) {
        if (take == Take::judge) {
            ++judged;
            budget.on_invalid();
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
        REQUIRE(budget.take(0) == Take::judge);
        if (i % 2 == 0)
            budget.on_accepted();
        else
            budget.on_invalid();
    }
}

TEST_CASE(
    "a device that sends an invalid share a second goes on for ever; a good share makes up for refusals") {
    Budget budget(10, 0);
    for (SteadyMs now = 0; now < 10'000'000; now += 1'000) {
        REQUIRE(budget.take(now) == Take::judge);
        budget.on_invalid();
    }
    Budget other(10, 0);
    for (int round = 0; round < 100; ++round) {
        const SteadyMs now = round * 60'000;
        for (int i = 0; i < 15; ++i) {
            const auto take = other.take(now);
            REQUIRE(take != Take::close);
            if (take == Take::judge) other.on_invalid();
        }
        REQUIRE(other.take(now + 50'000) == Take::judge);
        other.on_accepted();
    }
}

TEST_CASE("shares that nobody could judge cost nothing") {
    Budget budget(10, 0);
    for (int i = 0; i < 10'000; ++i) {
        REQUIRE(budget.take(0) == Take::judge);
        REQUIRE(budget.may_wait());
        budget.on_unjudged();
    }
}

TEST_CASE(
    "a peer that has proven nothing has no more shares on their way than its budget; good ones raise that") {
    Budget budget(10, 0);
    int waiting = 0;
    while (budget.may_wait()) {
        REQUIRE(budget.take(0) == Take::judge);
        REQUIRE(++waiting <= 10);
    }
    CHECK(waiting == 10);
    for (int i = 0; i < waiting; ++i) budget.on_accepted();
    waiting = 0;
    while (budget.may_wait()) {
        REQUIRE(budget.take(0) == Take::judge);
        ++waiting;
    }
    CHECK(waiting == 20);
}

TEST_CASE("what an address did before costs no good share: as many may be on their way") {
    Budget budget(100, 0, 10);
    int waiting = 0;
    while (budget.may_wait() && budget.take(0) == Take::judge) ++waiting;
    CHECK(waiting == 100);
}

TEST_CASE("a known offender begins with little, and gets the whole budget by good shares") {
    Budget budget(1000, 0, 10);
    for (int i = 0; i < 500; ++i) {
        REQUIRE(budget.take(0) == Take::judge);
        budget.on_accepted();
    }
    int judged = 0;
    while (budget.take(0) == Take::judge) {
        budget.on_invalid();
        REQUIRE(++judged <= 1000);
    }
    CHECK(judged > 500);
    Budget other(1000, 0, 10);
    judged = 0;
    while (other.take(0) == Take::judge) {
        other.on_invalid();
        REQUIRE(++judged <= 10);
    }
    CHECK(judged == 10);
}

TEST_CASE("offenders are remembered by address for ten minutes, and no more than kMax of them") {
    mining::Offenders offenders{{}};
    CHECK(offenders.first_budget("192.0.2.1:5", 300, 0) == 300);
    offenders.add("192.0.2.1:5", 0);
    CHECK(offenders.first_budget("192.0.2.1:6", 300, 1) == 10);
    CHECK(offenders.first_budget("192.0.2.1:6", 5, 1) == 5);
    CHECK(offenders.first_budget("192.0.2.2:5", 300, 1) == 300);
    CHECK(offenders.first_budget("192.0.2.1:6", 300, mining::Offenders::kRememberedMs) == 300);
    for (std::size_t i = 0; i < mining::Offenders::kMax; ++i)
        offenders.add("10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ":1", 10);
    CHECK(offenders.first_budget("192.0.2.1:6", 300, 11) == 300);
    CHECK(offenders.first_budget("10.0.0.0:2", 300, 11) == 10);
}

TEST_CASE(
    "an IPv6 subscriber is an offender with all of its /64; one form of an address is as good as another") {
    mining::Offenders offenders{{}};
    offenders.add("[2001:db8::1]:7", 0);
    CHECK(offenders.first_budget("[2001:db8::ffff:1]:8", 300, 1) == 10);
    CHECK(offenders.first_budget("[2001:db8:0:1::1]:8", 300, 1) == 300);
    offenders.add("[::ffff:192.0.2.1]:7", 0);
    CHECK(offenders.first_budget("192.0.2.1:9", 300, 1) == 10);
    CHECK(offenders.first_budget("192.0.2.2:9", 300, 1) == 300);
    offenders.add("unknown", 0);
    CHECK(offenders.first_budget("unknown", 300, 1) == 300);
}

TEST_CASE("whoever is exempt answers for nobody else behind its address") {
    mining::Offenders offenders{{*IpNet::from_text("127.0.0.0/8"), *IpNet::from_text("2001:db8::/32")}};
    for (const auto* peer : {"127.0.0.1:5", "[2001:db8::1]:7", "192.0.2.1:5"}) offenders.add(peer, 0);
    CHECK(offenders.first_budget("127.0.0.1:6", 300, 1) == 300);
    CHECK(offenders.first_budget("[2001:db8::1]:8", 300, 1) == 300);
    CHECK(offenders.first_budget("192.0.2.1:6", 300, 1) == 10);
}
