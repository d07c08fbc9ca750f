// Who stays connected and who goes, without sockets.
#include "net/admission.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "net/fair_queue.hpp"

using namespace hp::net;

namespace {

Admission::Source source(unsigned number) {
    Admission::Source out{};
    out[14] = static_cast<std::uint8_t>(number >> 8);
    out[15] = static_cast<std::uint8_t>(number);
    return out;
}

}  // namespace

TEST_CASE("strangers push out strangers of the same source, the oldest first, and nobody else") {
    Admission table{{.strangers_max = 8, .strangers_per_source_max = 4, .connections_max = 8}};
    const auto honest = table.enter(source(1), false).id;
    std::vector<Admission::Id> crowd;
    for (int i = 0; i < 100; ++i) {
        const auto entered = table.enter(source(2), false);
        CHECK(entered.gone.has_value() == (i >= 4));
        if (entered.gone) CHECK(*entered.gone == crowd[crowd.size() - 4]);
        crowd.push_back(entered.id);
    }
    CHECK(table.strangers() == 5);
    CHECK(table.move(honest, Standing::member).is_in);
    CHECK(table.strangers() == 4);
    CHECK(table.proven() == 1);
}

TEST_CASE("when all places of strangers are taken, whoever has the most loses its oldest") {
    Admission table{{.strangers_max = 10, .strangers_per_source_max = 10, .connections_max = 8}};
    const auto first = table.enter(source(1), false).id;
    const auto second = table.enter(source(1), false).id;
    std::vector<Admission::Id> crowd;
    for (int i = 0; i < 8; ++i) crowd.push_back(table.enter(source(2), false).id);
    CHECK(table.enter(source(3), false).gone == crowd[0]);
    CHECK(table.enter(source(4), false).gone == crowd[1]);
    // Among equals the oldest of all goes: 1 and 2 have two each at last.
    for (unsigned i = 5; i < 9; ++i) CHECK(table.enter(source(i), false).gone == crowd[i - 3]);
    CHECK(table.enter(source(9), false).gone == first);
    CHECK(table.enter(source(10), false).gone == crowd[6]);
    CHECK(table.enter(source(11), false).gone == second);
    CHECK(table.strangers() == 10);
}

TEST_CASE("300 a second against a place for 5 s: an honest newcomer has the time of a whole table") {
    Admission table{{.strangers_max = 1024, .strangers_per_source_max = 512, .connections_max = 128}};
    for (int i = 0; i < 3'000; ++i) (void)table.enter(source(1), false);
    // Even from the same address, 511 others come before its turn to go.
    const auto honest = table.enter(source(1), false).id;
    for (int i = 0; i < 511; ++i) CHECK(table.enter(source(1), false).gone != honest);
    CHECK(table.enter(source(1), false).gone == honest);
}

TEST_CASE("a farm of 2,000 behind one address connects at once, and more where its address is exempt") {
    Admission table{AdmissionLimits{}};
    std::vector<Admission::Id> farm;
    for (int i = 0; i < 2'000; ++i) {
        const auto entered = table.enter(source(1), false);
        REQUIRE_FALSE(entered.gone);
        farm.push_back(entered.id);
    }
    for (const auto id : farm) REQUIRE(table.move(id, Standing::guest).is_in);
    for (int i = 0; i < 4'096; ++i) REQUIRE_FALSE(table.enter(source(2), true).gone);
    // An exempt source is many of one each: a crowd from elsewhere is larger.
    (void)table.enter(source(3), false);
    const auto crowd = table.enter(source(3), false);
    REQUIRE(crowd.gone);
    const auto next = table.enter(source(3), false);
    CHECK(next.gone != crowd.id);
    CHECK(table.proven() == 2'000);
}

TEST_CASE("places of those who have proven something are theirs") {
    Admission table{{.strangers_max = 4, .strangers_per_source_max = 4, .connections_max = 3}};
    const auto enter = [&](unsigned number) { return table.enter(source(number), false).id; };
    const auto guest = enter(1), other_guest = enter(2), member = enter(1);
    CHECK(table.move(guest, Standing::guest).is_in);
    CHECK(table.move(other_guest, Standing::guest).is_in);
    CHECK(table.move(member, Standing::member).is_in);
    for (int i = 0; i < 50; ++i) (void)enter(9);
    CHECK(table.proven() == 3);
    // One more proven peer: displaces a guest, the oldest of the source with the most.
    const auto newer = enter(2);
    const auto moved = table.move(newer, Standing::guest);
    CHECK(moved.is_in);
    CHECK(moved.gone == guest);
    CHECK(table.move(enter(3), Standing::guest).gone == other_guest);
    // Up and down between two requests needs no place.
    CHECK(table.move(newer, Standing::member).is_in);
    CHECK(table.move(newer, Standing::guest).is_in);
    CHECK(table.move(newer, Standing::member).is_in);
    CHECK(table.move(enter(4), Standing::member).is_in);
    // All are members: the next one is refused and stays a stranger until it goes.
    const auto late = enter(5);
    const auto refused = table.move(late, Standing::guest);
    CHECK_FALSE(refused.is_in);
    CHECK_FALSE(refused.gone);
    table.leave(member);
    CHECK(table.move(late, Standing::guest).is_in);
    CHECK(table.proven() == 3);
}

TEST_CASE("who is being closed goes first, whatever its age") {
    Admission table{{.strangers_max = 3, .strangers_per_source_max = 3, .connections_max = 1}};
    const auto old = table.enter(source(1), false).id;
    const auto ending = table.enter(source(2), false).id;
    (void)table.enter(source(3), false);
    table.closing(ending);
    CHECK(table.enter(source(4), false).gone == ending);
    CHECK(table.enter(source(5), false).gone == old);
}

TEST_CASE("who has left, or went, takes no part any more") {
    Admission table{{.strangers_max = 1, .strangers_per_source_max = 1, .connections_max = 1}};
    const auto gone = table.enter(source(1), false).id;
    CHECK(table.enter(source(1), false).gone == gone);
    CHECK_FALSE(table.move(gone, Standing::member).is_in);
    table.closing(gone);
    table.leave(gone);
    CHECK(table.strangers() == 1);
    CHECK(table.proven() == 0);
}

TEST_CASE("a queue that is fair: each source has its turn, in order within it") {
    FairQueue<int, int> queue;
    for (int i = 0; i < 5; ++i) queue.push(1, 10 + i);
    queue.push(2, 20);
    queue.push(3, 30);
    std::vector<int> out;
    while (!queue.empty()) out.push_back(queue.pop());
    CHECK(out == std::vector{10, 20, 30, 11, 12, 13, 14});
}
