#include "mining/share_tally.hpp"

#include <doctest/doctest.h>

using hp::mining::ShareTally;

TEST_CASE("a tally's window has the last four whole minutes and the running one, totals have all") {
    ShareTally tally{1'000};
    // One share a second for ten minutes, each of its number's work.
    for (int second = 1; second <= 600; ++second) tally.on_accepted(second, 1'000 + second * 1'000);
    tally.on_rejected();
    const auto window = tally.window(1'000 + 600'000);
    // Minute 10 has just begun, with share 600; the minutes 6 to 9 begin with share 360.
    CHECK(window.seconds == 240);
    CHECK(window.shares == 241);
    double work = 0, squared = 0;
    for (double i = 360; i <= 600; ++i) work += i, squared += i * i;
    CHECK(window.work_hashes == work);
    CHECK(window.work_squared == squared);
    CHECK(window.work_max == 600);
    CHECK(tally.accepted() == 600);
    CHECK(tally.rejected() == 1);
    CHECK(tally.work_hashes() == 600 * 601 / 2);
    CHECK(*tally.last_share_ms() == 601'000);
}

TEST_CASE("a tally's window is as long as the channel is old, and empties when no share comes") {
    ShareTally tally{0};
    CHECK_FALSE(tally.last_share_ms());
    tally.on_accepted(7, 500);
    CHECK(tally.window(2'000).seconds == 2);
    CHECK(tally.window(2'000).shares == 1);
    CHECK(tally.window(299'999).shares == 1);
    CHECK(tally.window(300'000).shares == 0);
    CHECK(tally.window(300'000).work_hashes == 0);
    CHECK(tally.window(86'400'000).seconds == 240);
    CHECK(tally.accepted() == 1);
}
