// Shares of the previous tip: stale, excused or paid; a block among them is submitted.
#include "pool/pool_core.hpp"

using namespace hp;
using namespace hp::test;

namespace {

struct LateCore : PoolCore {
    std::shared_ptr<FakeFrames> miner;
    msg::SubmitSharesExtended late;
    /// A share of the tip before the present one, which came just now.
    void start_late(mining::LateRule rule, std::uint32_t invalid_shares_max = 1000) {
        start({.invalid_shares_max = invalid_shares_max, .late = rule});
        give_work();
        miner = working_miner();
        late = share(*miner, 1, 0);
        give_work();
    }
    std::string refusal() const { return miner->last<msg::SubmitSharesError>().error_code.value; }
};

}  // namespace

TEST_CASE_FIXTURE(LateCore, "with a grace a late share is paid, once, as long as the grace lasts") {
    start_late({.grace_ms = 2'000, .is_paid = true});
    clock.advance(1'999);
    miner->say(late);
    run();
    REQUIRE(rows.size() == 1);
    CHECK(miner->count<msg::SubmitSharesSuccess>() == 1);
    // Its row's header is the previous tip's.
    CHECK(to_array<32>(ByteView{rows[0].intent.header}.subspan(4, 32))[0] == 1);
    miner->say(late);
    CHECK(refusal() == "duplicate-share");
    clock.advance(1);
    late.nonce = next_nonce++;
    miner->say(late);
    CHECK(refusal() == "stale-share");
    CHECK(rows.size() == 1);
}

TEST_CASE_FIXTURE(LateCore, "a late share that could not be stored may be sent again within the grace") {
    start_late({.grace_ms = 2'000, .is_paid = true});
    is_disk_full = true;
    miner->say(late);
    run();
    CHECK(refusal() == "pool-storage-failed");
    is_disk_full = false;
    miner->say(late);
    run();
    CHECK(rows.size() == 1);
}

TEST_CASE_FIXTURE(LateCore, "an excused late share is refused, and not held against the miner") {
    start_late({.grace_ms = 2'000, .is_paid = false}, 10);
    for (int i = 0; i < 100; ++i) {
        late.nonce = next_nonce++;
        miner->say(late);
        CHECK(refusal() == "stale-share");
    }
    CHECK(pool->counts().refusals.shares_unjudged == 0);
    miner->say(share(*miner, 1, 1));
    run();
    CHECK(rows.size() == 1);
    // After the grace it is an invalid share as any other.
    clock.advance(2'000);
    for (int i = 0; i < 100; ++i) {
        late.nonce = next_nonce++;
        miner->say(late);
    }
    CHECK(pool->counts().refusals.shares_unjudged > 0);
}

TEST_CASE_FIXTURE(LateCore, "the same late share is excused once") {
    start_late({.grace_ms = 2'000, .is_paid = false}, 10);
    for (int i = 0; i < 100; ++i) miner->say(late);
    CHECK(pool->counts().refusals.shares_unjudged > 0);
}

TEST_CASE_FIXTURE(LateCore, "a late share without work is not excused") {
    start_late({.grace_ms = 2'000, .is_paid = false}, 10);
    --late.extranonce.size;
    for (int i = 0; i < 100; ++i) {
        late.nonce = next_nonce++;
        miner->say(late);
    }
    CHECK(pool->counts().refusals.shares_unjudged > 0);
}

TEST_CASE_FIXTURE(LateCore, "a late block goes to the template provider, whatever becomes of its share") {
    start();
    give_work(kRegtestBits);
    miner = working_miner();
    late = share(*miner, 1, 0);
    give_work();
    while (solutions.empty()) {
        late.nonce = next_nonce++;
        miner->say(late);
        CHECK(refusal() == "stale-share");
    }
    CHECK(solutions[0].template_id == 1);
    run();
    CHECK(rows.empty());  // It is one block, however often it is sent.
    miner->say(late);
    CHECK(refusal() == "stale-share");
    CHECK(solutions.size() == 1);
}

TEST_CASE_FIXTURE(LateCore,
                  "a block that was accepted in time is no second block when it is sent again late") {
    start();
    give_work(kRegtestBits);
    miner = working_miner();
    late = share(*miner, 1, 0);
    while (solutions.empty()) {
        late.nonce = next_nonce++;
        miner->say(late);
    }
    give_work();
    miner->say(late);
    CHECK(refusal() == "stale-share");
    CHECK(solutions.size() == 1);
}
