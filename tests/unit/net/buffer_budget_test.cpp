// What unfinished input may cost, without sockets.
#include "net/buffer_budget.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

using namespace hp::net;
using Ids = std::vector<BufferBudget::Id>;

TEST_CASE("within the budget nobody goes; above it the largest do, until it fits") {
    BufferBudget budget{1'000};
    const auto a = budget.add(), b = budget.add(), c = budget.add();
    CHECK(budget.hold(a, 300) == Ids{});
    CHECK(budget.hold(b, 600) == Ids{});
    CHECK(budget.hold(c, 100) == Ids{});
    CHECK(budget.bytes() == 1'000);
    // The one that asked is not the one that goes.
    CHECK(budget.hold(c, 101) == Ids{b});
    CHECK(budget.bytes() == 401);
    CHECK(budget.hold(c, 5'000) == Ids{c});
    CHECK(budget.bytes() == 300);
    budget.remove(a);
    budget.remove(a);
    CHECK(budget.bytes() == 0);
}

TEST_CASE("what its end would not free counts, and stays") {
    BufferBudget budget{1'000};
    const auto busy = budget.add(), small = budget.add(), large = budget.add();
    CHECK(budget.hold(busy, 900, true) == Ids{});
    CHECK(budget.hold(small, 50) == Ids{});
    CHECK(budget.hold(large, 60) == Ids{large});
    CHECK(budget.hold(busy, 990, true) == Ids{small});
    CHECK(budget.hold(busy, 2'000, true) == Ids{});
    CHECK(budget.hold(busy, 10) == Ids{});
    CHECK(budget.bytes() == 10);
}

TEST_CASE("a smaller limit holds from the next growth on") {
    BufferBudget budget{1'000};
    const auto a = budget.add(), b = budget.add();
    (void)budget.hold(a, 500);
    budget.set_max(100);
    CHECK(budget.hold(b, 1) == Ids{a});
}
