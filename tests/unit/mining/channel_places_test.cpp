#include "mining/channel_places.hpp"

#include <doctest/doctest.h>

#include <random>

using namespace hp;
using mining::ChannelPlaces;
using mining::Source;

namespace {

Source from(std::uint8_t last) {
    Source out;
    out.address[15] = last;
    return out;
}
/// How many of `count` were let in.
std::size_t open(ChannelPlaces& places, ChannelPlaces::Id id, const Source& source, std::size_t count) {
    std::size_t in = 0;
    for (std::size_t i = 0; i < count; ++i) in += places.open(id, source).is_in;
    return in;
}

}  // namespace

TEST_CASE("channels without a share are refused to whoever has most of them, on however many connections") {
    ChannelPlaces places{{.total = 1'000, .unproven = 100}};
    std::size_t in = 0;
    for (ChannelPlaces::Id id = 1; id <= 20; ++id) in += open(places, id, from(1), 40);
    CHECK(in == 100);
    CHECK(places.unproven() == 100);
    // Somebody else's pushes out one connection of that address, its largest, and has room then.
    const auto answer = places.open(50, from(2));
    CHECK(answer.is_in);
    CHECK(answer.gone == 2);
    CHECK(places.total() == 61);
}

TEST_CASE("a translator is let in with all of its channels beside a full house, and stays when it earns") {
    ChannelPlaces places{{.total = 10'000, .unproven = 5'000}};
    for (ChannelPlaces::Id id = 1; id <= 4; ++id) CHECK(open(places, id, {{}, id}, 1'250) == 1'250);
    CHECK(places.unproven() == 5'000);
    // Half of what the largest has at once, the others after its first shares.
    CHECK(open(places, 9, from(9), 4'000) > 600);
    std::size_t have = places.total();
    for (int share = 0; share < 40; ++share) places.on_accepted_share(9);
    CHECK(places.total() == have);
    CHECK(open(places, 9, from(9), 3'300) == 3'300);
    // No newcomer pushes it out.
    for (ChannelPlaces::Id id = 100; id < 200; ++id) {
        const auto answer = places.open(id, {{}, id});
        CHECK(answer.gone != 9);
    }
}

TEST_CASE("above the limit of all, only those that earned nothing give way") {
    ChannelPlaces places{{.total = 300, .unproven = 200}};
    CHECK(open(places, 1, from(1), 1) == 1);
    for (int i = 0; i < 3; ++i) places.on_accepted_share(1);
    CHECK(open(places, 1, from(1), 199) == 199);
    CHECK(places.unproven() == 0);
    CHECK(open(places, 2, from(2), 150) == 100);
    CHECK(places.total() == 300);
    CHECK(places.open(1, from(1)).gone == 2);
    CHECK(open(places, 1, from(1), 99) == 99);
    CHECK_FALSE(places.open(3, from(3)).is_in);
    CHECK(places.total() == 300);
}

TEST_CASE("two sources of like size do not push each other out") {
    ChannelPlaces places{{.total = 1'000, .unproven = 100}};
    CHECK(open(places, 1, from(1), 60) == 60);
    CHECK(open(places, 2, from(2), 60) == 40);
    CHECK(open(places, 1, from(1), 10) == 0);
    CHECK(places.total() == 100);
}

TEST_CASE("property: never more than the limits, never one that earns pushed out, and the sums are right") {
    for (unsigned seed = 1; seed <= 40; ++seed) {
        std::mt19937 random{seed};
        const auto below = [&](std::size_t n) { return random() % n; };
        const mining::ChannelLimits limits{.total = 200 + below(300), .unproven = 50 + below(150)};
        ChannelPlaces places{limits};
        std::map<ChannelPlaces::Id, std::pair<std::size_t, std::size_t>> model;  // channels, proven
        for (int step = 0; step < 5'000; ++step) {
            const ChannelPlaces::Id id = 1 + below(30);
            const Source source = from(static_cast<std::uint8_t>(id % 7));
            const auto what = below(20);
            if (what < 15) {
                const auto answer = places.open(id, source);
                if (answer.gone) {
                    REQUIRE(answer.is_in);
                    REQUIRE(model[*answer.gone].first > model[*answer.gone].second);
                    REQUIRE(*answer.gone % 7 != id % 7);
                    model.erase(*answer.gone);
                }
                if (answer.is_in) ++model[id].first;
            } else if (what < 17) {
                places.close(id);
                if (model.contains(id) && model[id].first > 0) --model[id].first;
            } else if (what < 18) {
                places.on_accepted_share(id);
                if (model.contains(id) && model[id].second < limits.total)
                    model[id].second += ChannelPlaces::kProvenByShare;
            } else if (below(10) == 0) {
                places.leave(id);
                model.erase(id);
            }
            std::size_t total = 0, unproven = 0;
            for (const auto& [_, one] : model) {
                total += one.first;
                unproven += one.first > one.second ? one.first - one.second : 0;
            }
            REQUIRE(places.total() == total);
            REQUIRE(places.unproven() == unproven);
            REQUIRE(total <= limits.total);
            REQUIRE(unproven <= limits.unproven);
        }
    }
}
