#include "base/token_bucket.hpp"

#include <doctest/doctest.h>

using namespace hp;

TEST_CASE("a bucket gives what it has at once, then what time brings, and never more than it holds") {
    TokenBucket bucket(3, 2, 1'000);
    for (int i = 0; i < 3; ++i) CHECK(bucket.take(1'000));
    CHECK_FALSE(bucket.take(1'000));
    CHECK_FALSE(bucket.take(1'499));
    CHECK(bucket.take(1'500));
    CHECK_FALSE(bucket.take(1'500));
    int taken = 0;
    while (bucket.take(1'000'000)) ++taken;
    CHECK(taken == 3);
}

TEST_CASE("a clock that goes back brings nothing, and takes nothing away") {
    TokenBucket bucket(1, 1, 10'000);
    CHECK(bucket.take(10'000));
    CHECK_FALSE(bucket.take(0));
    CHECK_FALSE(bucket.take(10'999));
    CHECK(bucket.take(11'000));
}

TEST_CASE("debts are paid by time and by what is given back, and are no greater than the bucket") {
    TokenBucket bucket(4, 1, 0);
    for (int i = 0; i < 100; ++i) bucket.owe();
    CHECK_FALSE(bucket.has(4'000));
    CHECK(bucket.has(5'000));
    TokenBucket given(2, 1, 0);
    given.owe();
    given.owe();
    CHECK_FALSE(given.has(0));
    given.give_back();
    CHECK(given.has(0));
    for (int i = 0; i < 10; ++i) given.give_back();
    CHECK(given.take(0));
    CHECK(given.take(0));
    CHECK_FALSE(given.take(0));
    CHECK_FALSE(TokenBucket(0, 1, 0).has(1'000'000));
}
