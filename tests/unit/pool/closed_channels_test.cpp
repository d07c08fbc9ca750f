#include "pool/closed_channels.hpp"

#include <doctest/doctest.h>

using namespace hp;
using pool::ClosedChannels;

TEST_CASE("a closed channel is known for a minute, and the newest kMax of them") {
    ClosedChannels closed;
    CHECK_FALSE(closed.contains(1, 0));
    closed.add(1, 0);
    closed.add(7, 30'000);
    CHECK(closed.contains(1, ClosedChannels::kRememberedMs - 1));
    CHECK_FALSE(closed.contains(1, ClosedChannels::kRememberedMs));
    CHECK(closed.contains(7, ClosedChannels::kRememberedMs));
    for (std::uint32_t id = 100; id < 100 + ClosedChannels::kMax; ++id) closed.add(id, 60'000);
    CHECK_FALSE(closed.contains(7, 60'000));
    CHECK(closed.contains(100, 60'000));
    CHECK(closed.contains(100 + ClosedChannels::kMax - 1, 60'000));
}
