// Channels asked for before there is work: they wait, within the limits of channels, and open in order.
#include "pool/pool_core.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE_FIXTURE(PoolCore, "a channel asked for before there is work opens with the first template") {
    start({.channels_max = 3, .idle_channel_ms = 5'000});
    auto miner = set_up();
    msg::OpenStandardMiningChannel standard;
    standard.request_id = 11;
    standard.user_identity.value = to_hex(key(7));
    standard.max_target.bytes.fill(0xff);
    miner->say(standard);
    miner->say(opening(to_hex(key(8)) + ".rig", 12));
    const auto before = miner->frames.size();
    // It has asked for a channel: it is not idle.
    clock.advance(3'600'000);
    CHECK_FALSE(miner->closed);
    CHECK(miner->frames.size() == before);
    CHECK(pool->counts().channels == 0);
    const auto first = give_template();
    CHECK(miner->frames.size() == before);
    give_tip(first);
    CHECK(miner->last<msg::OpenStandardMiningChannelSuccess>().request_id == 11);
    CHECK(miner->last<msg::OpenExtendedMiningChannelSuccess>().request_id == 12);
    CHECK(pool->counts().channels == 2);
    CHECK(miner->count<msg::OpenMiningChannelError>() == 0);
    miner->say(share(*miner, miner->last<msg::OpenExtendedMiningChannelSuccess>().channel_id, 0));
    run();
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].intent.locking_key == key(8));
    CHECK(rows[0].worker == to_hex(key(8)) + ".rig");
    // Once only.
    give_work();
    CHECK(pool->counts().channels == 2);
}

TEST_CASE_FIXTURE(PoolCore, "what is wrong with a request is said at once, also before there is work") {
    start({.channels_max = 2});
    auto miner = set_up();
    const auto refusal = [&](const msg::OpenExtendedMiningChannel& open) {
        miner->say(open);
        return miner->last<msg::OpenMiningChannelError>().error_code.value;
    };
    CHECK(refusal(opening("rig1")) == "invalid-locking-key");
    auto hopeless = opening(to_hex(key(7)));
    hopeless.max_target.bytes.fill(0);
    CHECK(refusal(hopeless) == "max-target-out-of-range");
    miner->say(opening(to_hex(key(7)), 1));
    miner->say(opening(to_hex(key(7)), 2));
    CHECK(refusal(opening(to_hex(key(7)), 3)) == "too-many-channels");
    CHECK(miner->count<msg::OpenMiningChannelError>() == 3);
    give_work();
    CHECK(miner->count<msg::OpenExtendedMiningChannelSuccess>() == 2);
    CHECK(miner->count<msg::OpenMiningChannelError>() == 3);
}

TEST_CASE_FIXTURE(PoolCore,
                  "requests that wait have their places, and give them back with their connection") {
    start({.channels_max = 4});
    auto gone = set_up();
    for (std::uint32_t i = 0; i < 4; ++i) gone->say(opening(to_hex(key(7)), i));
    CHECK(pool->counts().channels_unproven == 4);
    gone->hang_up();
    CHECK(pool->counts().channels_unproven == 0);
    auto miner = set_up();
    miner->say(opening(to_hex(key(8))));
    give_work();
    CHECK(pool->counts().channels == 1);
    CHECK(pool->counts().channels_unproven == 1);
}
