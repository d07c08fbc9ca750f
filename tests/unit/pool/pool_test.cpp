// What the pool does for all its connections: work for each, the clock, the end.
#include "pool/pool_core.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE_FIXTURE(PoolCore, "every channel gets each job and tip; a future job waits for its tip") {
    start();
    int ready = 0;
    pool->on_ready = [&] { ++ready; };
    const auto first = give_template();
    CHECK(ready == 0);
    give_tip(first);
    CHECK(ready == 1);
    auto a = working_miner(), b = set_up();
    open(*b);
    open(*b, 8);
    CHECK(a->count<msg::SetNewPrevHash>() == 1);
    CHECK(b->count<msg::SetNewPrevHash>() == 2);
    // More fees on the same tip: a job that counts at once.
    give_template(false);
    CHECK(a->count<msg::NewExtendedMiningJob>() == 2);
    CHECK(a->last<msg::NewExtendedMiningJob>().min_ntime);
    const auto next = give_template();
    CHECK_FALSE(b->last<msg::NewExtendedMiningJob>().min_ntime);
    // Its two channels are a group: one message for both.
    CHECK(b->count<msg::NewExtendedMiningJob>() == 4);
    give_tip(next);
    CHECK(b->count<msg::SetNewPrevHash>() == 3);
    CHECK(ready == 1);
    CHECK(pool->counts().channels == 3);
    CHECK(pool->counts().channels_busiest == 2);
}

TEST_CASE_FIXTURE(PoolCore, "a tip whose template never came leaves the work as it is") {
    start();
    give_work();
    auto miner = working_miner();
    give_tip(4711);
    CHECK(miner->count<msg::SetNewPrevHash>() == 1);
    miner->say(share(*miner, 1, 0));
    run();
    CHECK(rows.size() == 1);
}

TEST_CASE_FIXTURE(PoolCore, "work has an age, from the newest template or tip") {
    start();
    CHECK_FALSE(pool->counts().has_work);
    give_work();
    clock.advance(30'000);
    CHECK(pool->counts().work_age_ms == 30'000);
    give_template(false);
    CHECK(pool->counts().work_age_ms == 0);
}

TEST_CASE_FIXTURE(PoolCore, "a clock hours behind the chain is known, until it is right again") {
    start();
    give_work();
    pool->each_second();
    CHECK_FALSE(pool->counts().refuses_every_time);
    const auto id = give_template();
    sv2::templates::SetNewPrevHash tip;
    tip.template_id = id;
    tip.header_timestamp = static_cast<std::uint32_t>(clock.unix_ms() / 1000 + 3 * 3600);
    tip.nBits = kHardBits;
    pool->on_new_prev_hash(tip);
    pool->each_second();
    CHECK(pool->counts().refuses_every_time);
    CHECK(pool->counts().clock_behind_tip_s == 3 * 3600);
    clock.advance(2 * 3600 * 1000);
    pool->each_second();
    CHECK_FALSE(pool->counts().refuses_every_time);
}

TEST_CASE_FIXTURE(PoolCore,
                  "vardiff: a flood of shares makes them harder, once a second, on a job of its own") {
    pool::PoolTerms terms;
    start(terms);
    give_work();
    auto miner = working_miner();
    const auto targets = miner->count<msg::SetTarget>();
    for (std::uint32_t i = 0; i < 40'000; ++i) {
        miner->say(share(*miner, 1, i));
        if (i % 1000 == 0) run();
    }
    run();
    clock.advance(1'000);
    pool->each_second();
    REQUIRE(miner->count<msg::SetTarget>() == targets + 1);
    CHECK(miner->last<msg::SetTarget>().maximum_target.bytes[31] < 0xff);
    CHECK(miner->last<msg::NewExtendedMiningJob>().min_ntime);
}

TEST_CASE_FIXTURE(PoolCore, "the end: no new shares, what is accepted is acknowledged, then all are closed") {
    start();
    give_work();
    auto miner = working_miner();
    writes_by_itself = false;
    miner->say(share(*miner, 1, 0));
    pool->stop();
    CHECK_FALSE(pool->is_idle());
    miner->say(share(*miner, 1, 1));
    CHECK(miner->last<msg::SubmitSharesError>().error_code.value == "pool-overloaded");
    run();
    write();
    CHECK(miner->count<msg::SubmitSharesSuccess>() == 1);
    CHECK(pool->is_idle());
    pool->close_all();
    CHECK(miner->closed == "stopping");
    CHECK(pool->counts().connections == 0);
}

TEST_CASE_FIXTURE(PoolCore, "a miner that is gone when its share is on disk still gets its quote asked for") {
    start();
    give_work();
    auto miner = working_miner();
    writes_by_itself = false;
    miner->say(share(*miner, 1, 0));
    run();
    miner->hang_up();
    write();
    REQUIRE(quotes.size() == 1);
    CHECK(quotes[0].owner.connection.expired());
    CHECK(rows.size() == 1);
}
