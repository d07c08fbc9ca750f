#include "proxy/channel_updates.hpp"

#include "net/net_fixture.hpp"

using namespace hp;
using namespace hp::test;
using proxy::ChannelUpdate;
using proxy::ChannelUpdates;

namespace {

ChannelUpdate update(std::uint8_t target, std::optional<std::uint8_t> key = {}, std::string name = {}) {
    ChannelUpdate out;
    out.max_target.fill(target);
    if (key) out.locking_key.emplace().fill(*key);
    out.user_identity = std::move(name);
    return out;
}

}  // namespace

TEST_CASE(
    "40,000 wishes in one go are two updates: the first at once, and the newest of each member after a "
    "second") {
    net::Loop loop;
    std::vector<ChannelUpdate> sent;
    ChannelUpdates updates(loop, [&](const ChannelUpdate& out) { sent.push_back(out); });
    updates.want(update(1));
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].max_target == update(1).max_target);
    CHECK_FALSE(sent[0].locking_key.has_value());
    updates.want(update(2, std::uint8_t{7}, "alice"));
    for (int i = 0; i < 40'000; ++i) updates.want(update(3));
    updates.want(update(4, {}, "bob"));
    CHECK(sent.size() == 1);
    const auto began_ms = steady_ms_now();
    REQUIRE(run_until(loop, [&] { return sent.size() == 2; }));
    CHECK(steady_ms_now() - began_ms >= ChannelUpdates::kIntervalMs - 100);
    CHECK(sent[1].max_target == update(4).max_target);
    CHECK(sent[1].locking_key == update(0, std::uint8_t{7}).locking_key);
    CHECK(sent[1].user_identity == "bob");
}

TEST_CASE("what is wanted of a channel that is gone is forgotten") {
    net::Loop loop;
    int sent = 0;
    ChannelUpdates updates(loop, [&](const ChannelUpdate&) { ++sent; });
    updates.want(update(1));
    updates.want(update(2));
    updates.forget();
    net::Timer later(loop);
    bool is_over = false;
    later.after(ChannelUpdates::kIntervalMs + 100, [&] { is_over = true; });
    REQUIRE(run_until(loop, [&] { return is_over; }));
    CHECK(sent == 1);
}
