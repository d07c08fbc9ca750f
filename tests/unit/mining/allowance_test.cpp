#include "mining/allowance.hpp"

#include <doctest/doctest.h>

#include <deque>
#include <random>

#include "mining/share_budget.hpp"
#include "mining/strays.hpp"

using namespace hp;
using mining::Allowance;
using mining::AllowanceRules;
using mining::Gifts;
using mining::ShareBudget;
using mining::Sources;
using Take = ShareBudget::Take;

namespace {

constexpr AllowanceRules kRules{};
const Sources kAll{{}};

Allowance of(Gifts& gifts, const std::string& peer, SteadyMs now, std::uint64_t id = 1,
             const Sources& sources = kAll) {
    return {kRules, gifts.of(sources.of(peer, id), now)};
}
/// `count` invalid shares of one channel; how many of them were judged.
int spoil(ShareBudget& budget, Allowance& allowance, SteadyMs now, int count) {
    int judged = 0;
    for (int i = 0; i < count; ++i) {
        if (budget.take(now, allowance) != Take::judge) continue;
        ++judged;
        budget.on_invalid(now, allowance);
    }
    return judged;
}

}  // namespace

TEST_CASE(
    "channels that are opened, spoilt and closed have one budget and their tries, then the connection ends") {
    Gifts gifts{kRules};
    auto allowance = of(gifts, "192.0.2.1:5", 0);
    int judged = 0, opened = 0;
    while (!allowance.is_over()) {
        REQUIRE(++opened < 1'000);
        REQUIRE(allowance.open(0));
        ShareBudget channel(kRules.invalid_max, 0);
        judged += spoil(channel, allowance, 0, 25);
    }
    // 15 of each were refused, until these were four budgets.
    CHECK(judged == 1'000 + 10 * (opened - 40));
    CHECK(opened == 40 + 4'000 / 15 + 1);
}

TEST_CASE("channels that stop at their tries take as many openings, which end too") {
    Gifts gifts{kRules};
    auto allowance = of(gifts, "192.0.2.1:5", 0);
    int judged = 0, opened = 0;
    while (!allowance.is_over()) {
        if (!allowance.open(0)) continue;
        REQUIRE(++opened < 10'000);
        ShareBudget channel(kRules.invalid_max, 0);
        judged += spoil(channel, allowance, 0, 10);
    }
    CHECK(opened + judged == 8'192 + 1'000);
}

TEST_CASE(
    "connections of an address share what they have not earned; those of an exempt one answer for nobody") {
    const Sources sources{{*IpNet::from_text("198.51.100.0/24")}};
    for (const auto& [peer, expected] :
         {std::pair{"192.0.2.1:5", 1'000 + 99 * 10}, std::pair{"[2001:db8::1]:5", 1'000 + 99 * 10},
          std::pair{"198.51.100.7:5", 100 * 999}}) {
        Gifts gifts{kRules};
        int judged = 0;
        // Fewer per connection than would close it.
        for (std::uint64_t id = 1; id <= 100; ++id) {
            auto allowance = of(gifts, peer, 0, id, sources);
            ShareBudget channel(kRules.invalid_max, 0);
            judged += spoil(channel, allowance, 0, 999);
        }
        CHECK(judged <= expected);
        CHECK(judged >= expected - 10);
    }
}

TEST_CASE(
    "beside any number of spoilt channels a new one's good share is judged, and then it pays its own way") {
    Gifts gifts{kRules};
    auto bad = of(gifts, "192.0.2.1:5", 0);
    for (int i = 0; i < 60; ++i) {
        REQUIRE(bad.open(0));
        ShareBudget channel(kRules.invalid_max, 0);
        spoil(channel, bad, 0, 2'000);
    }
    CHECK(bad.is_over());
    auto good = of(gifts, "192.0.2.1:6", 0);
    REQUIRE(good.open(0));
    ShareBudget channel(kRules.invalid_max, 0);
    CHECK(spoil(channel, good, 0, 9) == 9);
    for (int i = 0; i < 1'000; ++i) {
        REQUIRE(channel.take(0, good) == Take::judge);
        channel.on_accepted();
        good.on_accepted();
        if (i == 0) continue;  // the nine of before
        REQUIRE(channel.take(0, good) == Take::judge);
        channel.on_invalid(0, good);
    }
    CHECK_FALSE(good.is_over());
}

TEST_CASE(
    "a farm of 4,000 opens all of its channels at once, again and again while they earn, one of them bad") {
    Gifts gifts{kRules};
    for (int restart = 0; restart < 5; ++restart) {
        auto farm = of(gifts, "192.0.2.1:5", restart);
        std::vector<ShareBudget> channels;
        for (int i = 0; i < 4'000; ++i) {
            REQUIRE(farm.open(restart));
            channels.emplace_back(kRules.invalid_max, restart);
        }
        ShareBudget bad(kRules.invalid_max, restart);
        for (auto& channel : channels) {
            REQUIRE(channel.take(restart, farm) == Take::judge);
            channel.on_accepted();
            farm.on_accepted();
            farm.give_back_opening();
            if (bad.take(restart, farm) == Take::judge) bad.on_invalid(restart, farm);
            if (bad.take(restart, farm) == Take::close) {
                REQUIRE(farm.open(restart));
                bad = ShareBudget(kRules.invalid_max, restart);
            }
        }
        CHECK_FALSE(farm.is_over());
    }
}

TEST_CASE(
    "a source that has spent nothing for ten minutes begins again, and the number remembered is limited") {
    Gifts gifts{kRules};
    const auto judged_of = [&](const std::string& peer, SteadyMs now) {
        auto allowance = of(gifts, peer, now);
        ShareBudget channel(kRules.invalid_max, now);
        return spoil(channel, allowance, now, 1'500);
    };
    CHECK(judged_of("192.0.2.1:5", 0) == 1'000);
    CHECK(judged_of("192.0.2.1:6", 1) == 10);
    CHECK(judged_of("[::ffff:192.0.2.1]:7", 2) == 10);
    CHECK(judged_of("192.0.2.2:5", 3) == 1'000);
    // A second gives one back.
    CHECK(judged_of("192.0.2.2:5", 100'003) == 110);
    auto here = of(gifts, "192.0.2.1:8", 4);
    for (std::size_t i = 0; i < 2 * Gifts::kMax; ++i)
        (void)of(gifts, "10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256) + ":1", 5);
    CHECK(gifts.size() <= Gifts::kMax + 1);
    // Whoever is here is never forgotten.
    CHECK(judged_of("192.0.2.1:9", 6) == 10);
    CHECK(judged_of("192.0.2.1:9", 6 + Gifts::kRememberedMs) == 610);
    CHECK(judged_of("192.0.2.3:5", 10) == 1'000);
    CHECK(judged_of("192.0.2.3:6", 9 + Gifts::kRememberedMs) == 609);
    CHECK(judged_of("192.0.2.3:6", 9 + 2 * Gifts::kRememberedMs) == 1'000);
}

TEST_CASE("property: what was not paid for stays within the gift, whatever channels and connections do") {
    for (unsigned seed = 1; seed <= 30; ++seed) {
        std::mt19937 random{seed};
        const auto below = [&](unsigned n) { return random() % n; };
        Gifts gifts{kRules};
        struct Connection {
            Allowance allowance;
            std::vector<ShareBudget> channels{};
        };
        std::deque<Connection> connections;
        SteadyMs now = 0;
        long opened = 0, invalid = 0, accepted = 0;
        const unsigned good_of_100 = seed % 3 == 0 ? 0 : below(40);
        for (int step = 0; step < 30'000; ++step) {
            if (below(50) == 0) now += below(200);
            if (connections.empty() || below(200) == 0)
                connections.push_back({of(gifts, "192.0.2.1:" + std::to_string(step), now), {}});
            auto& one = connections[below(static_cast<unsigned>(connections.size()))];
            if (one.channels.empty() || below(20) == 0) {
                if (!one.allowance.open(now)) continue;
                ++opened;
                one.channels.emplace_back(kRules.invalid_max, now);
            }
            const auto which = below(static_cast<unsigned>(one.channels.size()));
            auto& channel = one.channels[which];
            for (auto burst = below(40); burst > 0; --burst) {
                const auto take = channel.take(now, one.allowance);
                if (take == Take::close) {
                    one.channels.erase(one.channels.begin() + which);
                    break;
                }
                if (take == Take::refuse) continue;
                if (below(100) < good_of_100) {
                    ++accepted;
                    channel.on_accepted();
                    one.allowance.on_accepted();
                } else {
                    ++invalid;
                    channel.on_invalid(now, one.allowance);
                }
            }
            if (below(100) == 0) connections.pop_front();  // maybe before its time came
        }
        const double seconds = static_cast<double>(now) / 1000;
        // One for one by the channel, a hundred more by the connection; openings and tries are of one bucket.
        const double paid = static_cast<double>(accepted) * (1 + AllowanceRules::kPaidByShare);
        const double gift =
            kRules.invalid_max + seconds + kRules.requests_at_once() + seconds * kRules.requests_per_second();
        CHECK(static_cast<double>(invalid + opened) <= paid + gift + 1);
    }
}

TEST_CASE(
    "late strays: shares of a channel that was open once never cost the connection, however late they are") {
    mining::Strays strays{0};
    constexpr std::uint32_t kNext = 6;  // channels 1 to 5 were open
    for (const SteadyMs now : {SteadyMs{0}, SteadyMs{61'000}, SteadyMs{3'600'000}, SteadyMs{30} * 86'400'000})
        for (std::uint32_t id = 1; id < kNext; ++id)
            for (int i = 0; i < 5'000; ++i) REQUIRE(strays.take(id, kNext, now));
    // Nor do they use up what is for those that never were.
    for (int i = 0; i < 1'000; ++i) REQUIRE(strays.take(kNext + static_cast<std::uint32_t>(i), kNext, 0));
    CHECK_FALSE(strays.take(kNext, kNext, 0));
    CHECK_FALSE(strays.take(0, kNext, 0));
    CHECK(strays.take(kNext, kNext, 100));
    CHECK(strays.take(1, kNext, 100));
}
