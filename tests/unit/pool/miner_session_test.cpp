// One SV2 mining connection: what it may ask, what it is answered, and when.
#include "pool/pool_core.hpp"
#include "sv2/registry.hpp"
#include "wire/share_refusal.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE_FIXTURE(PoolCore, "a share is acknowledged when it is on disk, and its quote is told then") {
    start();
    give_work();
    auto miner = set_up();
    negotiate(*miner);
    const auto channel = open(*miner);
    writes_by_itself = false;
    miner->say(share(*miner, channel, 0));
    miner->say(share(*miner, channel, 1));
    run();
    REQUIRE(writes.size() == 1);
    CHECK(miner->count<msg::SubmitSharesSuccess>() == 0);
    CHECK(miner->standing == net::Standing::guest);
    write();
    REQUIRE(miner->count<msg::SubmitSharesSuccess>() == 1);
    const auto success = miner->last<msg::SubmitSharesSuccess>();
    CHECK(success.last_sequence_number == 1);
    CHECK(success.new_submits_accepted_count == 2);
    CHECK(miner->standing == net::Standing::member);
    REQUIRE(quotes.size() == 2);
    CHECK(rows[0].intent.locking_key == key(7));
    CHECK(rows[0].mint == 3);
    CHECK(rows[0].intent.amount == 1);
    auto owner = quotes[1].owner.connection.lock();
    REQUIRE(owner);
    owner->quote_created(quotes[1].owner.channel_id, quotes[1].owner.sequence_number, "id", 1);
    CHECK(miner->last<sv2::ehash::QuoteNotification>().sequence_number == 1);
    owner->quote_failed(channel, 0, 6, "no");
    CHECK(miner->last<sv2::ehash::QuoteFailure>().code == 6);
}

TEST_CASE_FIXTURE(PoolCore, "a connection without the extension hears nothing of quotes") {
    start();
    give_work();
    auto miner = working_miner();
    miner->say(share(*miner, 1, 0));
    run();
    auto owner = quotes.at(0).owner.connection.lock();
    owner->quote_created(1, 0, "id", 1);
    CHECK(miner->count<sv2::ehash::QuoteNotification>() == 0);
}

TEST_CASE_FIXTURE(PoolCore, "a full disk refuses shares, and the same share is taken when there is room") {
    start();
    give_work();
    auto miner = working_miner();
    is_disk_full = true;
    const auto submit = share(*miner, 1, 0);
    miner->say(submit);
    run();
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "pool-storage-failed");
    CHECK(rows.empty());
    is_disk_full = false;
    miner->say(submit);
    run();
    CHECK(rows.size() == 1);
    CHECK(miner->count<msg::SubmitSharesSuccess>() == 1);
    miner->say(submit);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "duplicate-share");
}

TEST_CASE_FIXTURE(PoolCore, "no two connections, and no reconnect, get the same share paid twice") {
    start();
    give_work();
    auto miner = working_miner();
    const auto submit = share(*miner, 1, 0);
    miner->say(submit);
    run();
    miner->hang_up();
    auto other = working_miner();
    auto again = submit;
    other->say(again);
    // Another prefix: it is another hash, a share of its own.
    run();
    CHECK(rows.size() == 2);
    CHECK(rows[0].intent.share_hash != rows[1].intent.share_hash);
    // What an earlier run of the pool had accepted is known.
    const auto third = share(*other, 1, 1);
    ManualClock ignored;
    other->say(third);
    run();
    REQUIRE(rows.size() == 3);
    CHECK(pool->counts().connections == 1);
}

TEST_CASE_FIXTURE(PoolCore, "a share of an earlier run is a duplicate in this one") {
    start();
    give_work();
    auto miner = working_miner();
    const auto submit = share(*miner, 1, 0);
    miner->say(submit);
    run();
    REQUIRE(rows.size() == 1);
    const auto hash = rows[0].intent.share_hash;
    Bytes32 prev_hash;
    prev_hash.fill(1);
    miner->hang_up();
    start();  // the same epoch, as in the crash build
    pool->remember(prev_hash, hash);
    next_template_id = 1;
    give_work();
    miner = working_miner();
    miner->say(submit);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "duplicate-share");
}

TEST_CASE_FIXTURE(PoolCore,
                  "a block leaves before its share is on disk, and goes even when the disk is full") {
    start();
    give_work(kRegtestBits);
    auto miner = working_miner();
    writes_by_itself = false;
    std::uint32_t sent = 0;
    while (solutions.empty() && sent < 100) miner->say(share(*miner, 1, sent++));
    REQUIRE(solutions.size() == 1);
    CHECK(writes.empty());
    CHECK(solutions[0].template_id == 1);
    is_disk_full = true;
    run();
    write();
    give_work(kRegtestBits);
    const auto before = solutions.size();
    while (solutions.size() == before && sent < 300) miner->say(share(*miner, 1, sent++));
    CHECK(solutions.size() == before + 1);
    CHECK(solutions.back().template_id == 2);
}

TEST_CASE_FIXTURE(PoolCore, "what comes before SetupConnection, twice, or too late ends the connection") {
    start();
    give_work();
    SUBCASE("another message first") {
        auto miner = connect();
        miner->say(opening("x"));
        CHECK(miner->closed == "expected SetupConnection, got OpenExtendedMiningChannel");
    }
    SUBCASE("twice") {
        auto miner = set_up();
        miner->say(sv2::common::SetupConnection{});
        CHECK(miner->closed == "SetupConnection twice");
    }
    SUBCASE("nothing for ten seconds") {
        auto miner = connect();
        clock.advance(9'999);
        CHECK_FALSE(miner->closed);
        clock.advance(1);
        CHECK(miner->closed == "no SetupConnection within 10 s");
    }
    SUBCASE("bytes after its last field: answered all the same") {
        auto miner = connect();
        sv2::common::SetupConnection setup;
        setup.min_version = setup.max_version = 2;
        Bytes frame = sv2::encode_frame(setup);
        frame.push_back(0);
        ++frame[3];
        miner->handler->on_frame(frame);
        CHECK(miner->last<sv2::common::SetupConnectionError>().error_code.value ==
              "malformed-setup-connection");
        REQUIRE(miner->closed);
        CHECK(miner->closed->starts_with("SetupConnection: after the last field: TLV: "));
    }
    SUBCASE("a server's message") {
        auto miner = set_up();
        miner->say(msg::SetTarget{});
        CHECK(miner->closed == "unexpected message SetTarget");
    }
    CHECK(pool->counts().connections == 0);
}

TEST_CASE_FIXTURE(PoolCore,
                  "a connection without a channel is closed after idle_channel, where that is set") {
    start({.idle_channel_ms = 5'000});
    give_work();
    auto idle = set_up();
    auto busy = working_miner();
    clock.advance(5'000);
    CHECK(idle->closed == "no channel within 5 s (idle_channel_s)");
    CHECK_FALSE(busy->closed);
}

TEST_CASE_FIXTURE(PoolCore,
                  "unknown extensions and messages are ignored and counted; custom jobs are answered") {
    start();
    give_work();
    auto miner = working_miner();
    Bytes unknown = sv2::encode_frame(msg::CloseChannel{});
    unknown[0] = 0x34;  // extension type
    unknown[1] = 0x12;
    miner->handler->on_frame(unknown);
    CHECK_FALSE(miner->closed);
    CHECK(pool->counts().refusals.messages_ignored == 1);
    msg::SetCustomMiningJob job;
    job.request_id = 9;
    miner->say(job);
    CHECK(miner->last<msg::SetCustomMiningJobError>().request_id == 9);
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(PoolCore, "a channel is refused with its reason, and the connection stays") {
    start({.channels_max = 2});
    SUBCASE("no template, told to a client of our extension") {
        auto miner = set_up();
        negotiate(*miner);
        miner->say(opening(to_hex(key(7))));
        CHECK(miner->last<msg::OpenMiningChannelError>().error_code.value == "no-template-yet");
        CHECK_FALSE(miner->closed);
    }
    SUBCASE("the rest") {
        give_work();
        auto miner = set_up();
        const auto refusal = [&](const msg::OpenExtendedMiningChannel& open) {
            miner->say(open);
            return miner->last<msg::OpenMiningChannelError>().error_code.value;
        };
        const std::string name = to_hex(key(7));
        CHECK(refusal(opening("rig1")) == "invalid-locking-key");
        CHECK(refusal(opening(name.substr(1))) == "invalid-locking-key");
        auto open_nan = opening(name);
        open_nan.nominal_hash_rate = sv2::F32::from(std::numeric_limits<float>::quiet_NaN());
        CHECK(refusal(open_nan) == "invalid-nominal-hashrate");
        auto hopeless = opening(name);
        hopeless.max_target.bytes.fill(0);
        CHECK(refusal(hopeless) == "max-target-out-of-range");
        auto greedy = opening(name);
        greedy.min_extranonce_size = 33;
        refusal(greedy);
        CHECK(miner->count<msg::OpenMiningChannelError>() == 5);
        open(*miner);
        open(*miner);
        CHECK(refusal(opening(name)) == "too-many-channels");
        CHECK_FALSE(miner->closed);
    }
}

TEST_CASE_FIXTURE(PoolCore, "default_locking_key owns what names no key") {
    start({.default_locking_key = key(9)});
    give_work();
    auto miner = set_up();
    miner->say(opening("rig1"));
    REQUIRE(miner->count<msg::OpenExtendedMiningChannelSuccess>() == 1);
    miner->say(share(*miner, 1, 0));
    run();
    CHECK(rows.at(0).intent.locking_key == key(9));
    CHECK(rows.at(0).worker == "rig1");
}

TEST_CASE_FIXTURE(PoolCore, "a share's own TLVs say whose it is; a key that is none is nobody's") {
    start();
    give_work();
    auto miner = set_up();
    negotiate(*miner);
    open(*miner);
    const std::vector<sv2::Tlv> other{owner_tlv(key(8))};
    miner->say(share(*miner, 1, 0), other);
    miner->say(share(*miner, 1, 1));
    auto wrong = owner_tlv(key(8));
    wrong.value[0] = 5;
    const auto submit = share(*miner, 1, 2);
    miner->say(submit, std::vector{wrong});
    run();
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].intent.locking_key == key(8));
    CHECK(rows[1].intent.locking_key == key(7));
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "invalid-locking-key");
    // With a valid key it is not a duplicate.
    miner->say(submit, other);
    run();
    CHECK(rows.size() == 3);
}

TEST_CASE_FIXTURE(PoolCore, "a refused update changes nothing, and names its reason") {
    start();
    give_work();
    auto miner = set_up();
    negotiate(*miner);
    open(*miner);
    msg::UpdateChannel update;
    update.channel_id = 1;
    update.maximum_target.bytes.fill(0);
    miner->say(update, std::vector{owner_tlv(key(8))});
    CHECK(miner->last<msg::UpdateChannelError>().error_code.value == "max-target-out-of-range");
    update.channel_id = 77;
    miner->say(update);
    CHECK(miner->last<msg::UpdateChannelError>().error_code.value == "invalid-channel-id");
    miner->say(share(*miner, 1, 0));
    run();
    CHECK(rows.at(0).intent.locking_key == key(7));
    update.channel_id = 1;
    update.maximum_target.bytes.fill(0xff);
    miner->say(update, std::vector{owner_tlv(key(8))});
    miner->say(share(*miner, 1, 1));
    run();
    CHECK(rows.at(1).intent.locking_key == key(8));
}

TEST_CASE_FIXTURE(PoolCore, "a peer that does not read gets the newest work only, when it reads again") {
    start();
    give_work();
    auto miner = working_miner();
    miner->queued = 1 << 20;
    const auto jobs = miner->count<msg::NewExtendedMiningJob>();
    for (int i = 0; i < 50; ++i) give_work();
    CHECK(miner->count<msg::NewExtendedMiningJob>() == jobs);
    miner->queued = 0;
    clock.advance(5);
    CHECK(miner->count<msg::NewExtendedMiningJob>() == jobs + 1);
    const auto tip = miner->last<msg::SetNewPrevHash>();
    CHECK(tip.job_id == miner->last<msg::NewExtendedMiningJob>().job_id);
    CHECK(tip.prev_hash.bytes[0] == 51);
    // One that takes nothing for a minute is gone.
    miner->queued = 1 << 20;
    give_work();
    clock.advance(59'000);
    CHECK_FALSE(miner->closed);
    clock.advance(1'100);
    CHECK(miner->closed == "reads too slowly: nothing read for 60 s");
}

TEST_CASE_FIXTURE(PoolCore, "a stale share, one of no job and one of a wrong size have their words") {
    start();
    give_work();
    auto miner = working_miner();
    const auto old = share(*miner, 1, 0);
    give_work();
    miner->say(old);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "stale-share");
    auto unknown = share(*miner, 1, 1);
    unknown.job_id = 4711;
    miner->say(unknown);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "invalid-job-id");
    auto wrong = share(*miner, 1, 2);
    wrong.extranonce = sv2::B0_32::from(Bytes(3, 0));
    miner->say(wrong);
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "bad-extranonce-size");
    REQUIRE(refused.size() == 3);
    CHECK(refused[0].peer == miner->peer());
    CHECK(refused[0].sequence_number == 0);
    run();
    CHECK(rows.empty());
}

TEST_CASE_FIXTURE(PoolCore,
                  "acknowledgements wait for their batch, no longer than ack_batch_ms, with exact sums") {
    start({.ack_batch = 3, .ack_batch_ms = 500});
    give_work();
    auto miner = set_up();
    const auto channel = open(*miner);
    const auto submit = [&](std::uint32_t count) {
        for (std::uint32_t i = 0; i < count; ++i) {
            miner->say(share(*miner, channel, next_nonce++));
            run();
        }
    };
    const auto told = [&] { return miner->count<msg::SubmitSharesSuccess>(); };
    submit(2);
    CHECK(rows.size() == 2);  // on disk, and not told yet
    CHECK(told() == 0);
    submit(1);
    REQUIRE(told() == 1);
    auto success = miner->last<msg::SubmitSharesSuccess>();
    CHECK(success.new_submits_accepted_count == 3);
    CHECK(success.new_shares_sum == 3);
    submit(2);
    clock.advance(499);
    CHECK(told() == 1);
    clock.advance(1);
    REQUIRE(told() == 2);
    success = miner->last<msg::SubmitSharesSuccess>();
    CHECK(success.new_submits_accepted_count == 2);
    CHECK(success.new_shares_sum == 2);
    // Nothing is owed when a channel or the pool closes.
    submit(1);
    miner->say(msg::CloseChannel{channel, {"done"}});
    REQUIRE(told() == 3);
    const auto second = open(*miner, 8, 2);
    miner->say(share(*miner, second, next_nonce++));
    run();
    CHECK(told() == 3);
    pool->close_all();
    REQUIRE(told() == 4);
    CHECK(miner->last<msg::SubmitSharesSuccess>().new_submits_accepted_count == 1);
}
