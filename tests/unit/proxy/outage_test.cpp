#include "proxy/outage.hpp"

#include <doctest/doctest.h>

using hp::proxy::Outage;

TEST_CASE("an outage lasts from its first sign to its end; before the pool was ever there it is one") {
    Outage outage(5'000, 1'000);
    CHECK(outage.is_on());
    CHECK_FALSE(outage.is_over_patience(5'999));
    CHECK(outage.is_over_patience(6'000));
    outage.end();
    CHECK_FALSE(outage.is_on());
    CHECK(outage.lasted_ms(100'000) == 0);
    CHECK_FALSE(outage.is_over_patience(100'000));
    outage.begin(100'000);
    outage.begin(104'000);  // another sign of the same outage
    CHECK(outage.lasted_ms(105'000) == 5'000);
    CHECK(outage.is_over_patience(105'000));
}

TEST_CASE("a patience of 0 never ends") {
    Outage outage(0, 0);
    CHECK(outage.is_on());
    CHECK_FALSE(outage.is_over_patience(1'000'000'000));
}
