#include "web/liveness.hpp"

#include <doctest/doctest.h>

using namespace hp;
using web::Liveness;

namespace {

constexpr UnixMs kNow = 1'760'000'000'000;

bool is_heard(const Liveness& liveness, UnixMs now, SteadyMs steady) {
    const auto sources = liveness.sources(now, steady);
    REQUIRE(sources.size() == 1);
    return sources[0].is_heard;
}

}  // namespace

TEST_CASE("a source is heard while its records advance, and silent three seconds after the last") {
    Liveness liveness;
    for (int second = 0; second < 10; ++second)
        liveness.see("hp-pool", kNow + second * 1000, kNow + second * 1000 + 200, second * 1000);
    CHECK(is_heard(liveness, kNow + 9'200, 9'000));
    // Its database says the same again and again.
    for (int second = 10; second < 13; ++second)
        liveness.see("hp-pool", kNow + 9'000, kNow + second * 1000, second * 1000);
    CHECK(is_heard(liveness, kNow + 12'000, 12'000));
    CHECK_FALSE(is_heard(liveness, kNow + 12'200, 12'001));
    CHECK(liveness.sources(kNow, 12'001)[0].last_ms == kNow + 9'000);
    liveness.see("hp-pool", kNow + 20'000, kNow + 20'100, 20'100);
    CHECK(is_heard(liveness, kNow + 20'100, 20'100));
}

TEST_CASE("at first sight the time of the record decides") {
    Liveness liveness;
    liveness.see("hp-pool", kNow - 3'001, kNow, 50'000);
    CHECK_FALSE(is_heard(liveness, kNow, 50'000));
    Liveness other;
    other.see("hp-pool", kNow - 2'000, kNow, 50'000);
    CHECK(is_heard(other, kNow, 50'000));
    CHECK_FALSE(is_heard(other, kNow + 1'001, 51'001));
}

TEST_CASE("clocks that differ: the advance counts") {
    for (const UnixMs skew : {-20'000, 20'000}) {
        Liveness liveness;
        for (int second = 0; second < 5; ++second)
            liveness.see("hp-pool", kNow + skew + second * 1000, kNow + second * 1000, second * 1000);
        CHECK(is_heard(liveness, kNow + 4'000, 4'000));
        CHECK_FALSE(is_heard(liveness, kNow + 7'001, 7'001));
    }
}

TEST_CASE("a backlog that is being read is not now") {
    Liveness liveness;
    liveness.see("hp-pool", kNow - 3'600'000, kNow, 0);
    liveness.see("hp-pool", kNow - 3'000'000, kNow + 1000, 1000);
    CHECK_FALSE(is_heard(liveness, kNow + 1000, 1000));
}
