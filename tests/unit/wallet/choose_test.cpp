#include "wallet/choose.hpp"

#include <doctest/doctest.h>

#include <random>

#include "cashu/nut02.hpp"

using namespace hp;
using namespace hp::wallet;

namespace {

std::vector<Coin> coins(std::initializer_list<std::uint64_t> amounts, std::uint64_t fee = 0) {
    std::vector<Coin> out;
    for (auto amount : amounts) out.push_back({amount, fee});
    return out;
}
std::uint64_t sum(const std::vector<Coin>& all, const std::vector<std::size_t>& chosen) {
    std::uint64_t out = 0;
    for (auto index : chosen) out += all[index].amount;
    return out;
}
cashu::Keys powers_of_two(unsigned count) {
    cashu::Keys keys;
    for (unsigned i = 0; i < count; ++i) keys[std::uint64_t{1} << i] = {};
    return keys;
}

}  // namespace

TEST_CASE("coins that fit are found, largest first") {
    auto all = coins({1, 2, 4, 4, 8});
    CHECK(*choose_exact(all, 8) == std::vector<std::size_t>{4});
    CHECK(sum(all, *choose_exact(all, 19)) == 19);
    CHECK(sum(all, *choose_exact(all, 7)) == 7);
    CHECK_FALSE(choose_exact(all, 20).has_value());
    CHECK_FALSE(choose_exact(coins({2, 4}), 3).has_value());
    CHECK_FALSE(choose_exact(coins({1, 1, 1}), 3, 2).has_value());
}

TEST_CASE("for powers of two an exact choice is found whenever there is one") {
    std::mt19937_64 random{1};
    for (int round = 0; round < 300; ++round) {
        std::vector<Coin> all;
        for (int i = 0; i < 9; ++i) all.push_back({std::uint64_t{1} << (random() % 5), 0});
        std::vector<bool> reachable(200);
        reachable[0] = true;
        for (const Coin& coin : all)
            for (std::size_t at = 199; at >= coin.amount; --at)
                if (reachable[at - coin.amount]) reachable[at] = true;
        for (std::uint64_t amount = 1; amount < 150; ++amount) {
            auto chosen = choose_exact(all, amount);
            REQUIRE(chosen.has_value() == reachable[amount]);
            if (chosen) REQUIRE(sum(all, *chosen) == amount);
        }
    }
}

TEST_CASE("a swap takes the fewest coins that pay amount and fee") {
    auto free = choose_for_swap(coins({1, 16, 8}), 20);
    REQUIRE(free.has_value());
    CHECK(free->sum == 24);
    CHECK(free->fee == 0);
    // 500 ppk an input: one input costs 1 (rounded up), as do two.
    auto priced = choose_for_swap(coins({16, 16, 16}, 500), 31);
    REQUIRE(priced.has_value());
    CHECK(priced->coins.size() == 2);
    CHECK(priced->fee == 1);
    priced = choose_for_swap(coins({16, 16, 16}, 500), 32);
    REQUIRE(priced.has_value());
    CHECK(priced->coins.size() == 3);
    CHECK(priced->fee == 2);
}

TEST_CASE("a swap that cannot be paid says what is missing") {
    auto short_of = choose_for_swap(coins({4, 2}), 7);
    REQUIRE_FALSE(short_of.has_value());
    CHECK(short_of.error().what == "not enough: 6 spendable, 7 wanted");
    auto fees = choose_for_swap(coins({4, 4}, 1000), 7);
    REQUIRE_FALSE(fees.has_value());
    CHECK(fees.error().what == "not enough: 8 spendable, 7 wanted, and the mint takes a fee of up to 2");
    // A coin of 1 that costs 1 does not help.
    CHECK_FALSE(choose_for_swap(coins({4, 1, 1, 1}, 1000), 4).has_value());
}

TEST_CASE("more coins than a swap takes are told apart from too little money") {
    auto many = choose_for_swap(std::vector<Coin>(30, Coin{1, 0}), 25, 20);
    REQUIRE_FALSE(many.has_value());
    CHECK(many.error().code == Errc::stopped);
}

TEST_CASE("sums near 2^64 neither wrap nor are chosen") {
    const std::uint64_t half = kAmountMax;
    auto all = coins({half, half, half, half, half});
    auto chosen = choose_for_swap(all, half);
    REQUIRE(chosen.has_value());
    CHECK(chosen->coins.size() == 1);
    auto too_much = choose_for_swap(coins({half, half - 1}), half + 1);
    REQUIRE_FALSE(too_much.has_value());
    CHECK(too_much.error().code == Errc::refused);
}

TEST_CASE("the smallest coins are put together only where the fee is small") {
    auto free = choose_smallest(coins({8, 1, 4, 1}), 3);
    REQUIRE(free.has_value());
    CHECK(free->sum == 6);
    CHECK_FALSE(choose_smallest(coins({8, 8}, 1000), 10).has_value());
    auto cheap = choose_smallest(coins({1000, 1000}, 100), 10);
    REQUIRE(cheap.has_value());
    CHECK(cheap->fee == 1);
    CHECK_FALSE(choose_smallest(coins({8}), 10).has_value());
}

TEST_CASE("amounts are split into what the keyset has keys for") {
    CHECK(*split_for(powers_of_two(63), 13, 100) == std::vector<std::uint64_t>{1, 4, 8});
    CHECK(split_for(powers_of_two(63), 0, 100)->empty());
    CHECK(split_for(powers_of_two(63), kAmountMax - 1, 100)->size() == 62);
    CHECK(*split_for(powers_of_two(3), 13, 100) == std::vector<std::uint64_t>{1, 4, 4, 4});
    CHECK_FALSE(split_for(powers_of_two(1), 1001, 1000).has_value());
    CHECK_FALSE(split_for(powers_of_two(1), kAmountMax, 1000).has_value());
    cashu::Keys even{{2, {}}, {4, {}}};
    CHECK_FALSE(split_for(even, 5, 100).has_value());
    for (std::uint64_t amount = 1; amount < 200; ++amount)
        CHECK(*split_for(powers_of_two(63), amount, 100) == cashu::split_amount(amount));
}
