#include "base/clock_watch.hpp"

#include <doctest/doctest.h>

using namespace hp;

namespace {

constexpr UnixMs kThen = 1'780'000'000'000;
constexpr std::int64_t kDayMs = 86'400'000;

struct Clocks {
    UnixMs wall{kThen};
    SteadyMs steady{5'000};
    ClockWatch watch{wall, steady};
    std::optional<ClockWatch::News> after(std::int64_t ms, std::int64_t set_by_ms = 0) {
        wall += ms + set_by_ms;
        steady += ms;
        return watch.look(wall, steady);
    }
};

}  // namespace

TEST_CASE("the news rounds to seconds: a step is seen between two looks") {
    Clocks clocks;
    CHECK_FALSE(clocks.after(1000));
    const auto back = clocks.after(1000, -kDayMs + 400);
    REQUIRE(back);
    CHECK(back->what == "the system clock was set back by 86400 s");
}

TEST_CASE("a clock that is set back a day is news, and so is that it is right again") {
    Clocks clocks;
    CHECK_FALSE(clocks.after(1000));
    const auto back = clocks.after(1000, -kDayMs);
    REQUIRE(back);
    CHECK_FALSE(back->is_right);
    CHECK(back->what == "the system clock was set back by 86400 s");
    CHECK(clocks.watch.off_ms() == -kDayMs);
    CHECK_FALSE(clocks.after(1000));  // once
    CHECK(clocks.watch.off_ms() == -kDayMs);
    const auto right = clocks.after(1000, kDayMs + 300);
    REQUIRE(right);
    CHECK(right->is_right);
    CHECK(clocks.watch.off_ms() == 0);
}

TEST_CASE("set forward is news too") {
    Clocks clocks;
    const auto news = clocks.after(1000, kDayMs);
    REQUIRE(news);
    CHECK_FALSE(news->is_right);
    CHECK(news->what ==
          "the system clock was set forward by 86400 s, or this machine was suspended for that long");
    CHECK(clocks.watch.off_ms() == kDayMs);
}

TEST_CASE("a time service that pulls the clock along says nothing, however far in the end") {
    Clocks clocks;
    for (int i = 0; i < 1000; ++i) REQUIRE_FALSE(clocks.after(1000, -500));
    CHECK(clocks.watch.off_ms() == 0);
}

TEST_CASE("a clock that stays where it was set is right after an hour") {
    Clocks clocks;
    REQUIRE(clocks.after(1000, -kDayMs));
    CHECK_FALSE(clocks.after(ClockWatch::kSettledMs - 1));
    CHECK(clocks.watch.off_ms() == -kDayMs);
    CHECK_FALSE(clocks.after(1));
    CHECK(clocks.watch.off_ms() == 0);
    // And another step is one from there.
    const auto again = clocks.after(1000, kDayMs);
    REQUIRE(again);
    CHECK_FALSE(again->is_right);
}

TEST_CASE("a clock that runs slowly is not set, also where nobody looked for a minute") {
    Clocks clocks;
    CHECK_FALSE(clocks.after(60'000, -57'000));
    CHECK_FALSE(clocks.after(1'000, -950));
    CHECK(clocks.after(1'000, -11'500));
}
