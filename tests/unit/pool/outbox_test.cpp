// The outbox: numbers without holes, one row a share, nothing forgotten over restarts.
#include "pool/outbox.hpp"

#include "pool_fixture.hpp"

using namespace hp;
using namespace hp::test;
using Seqs = std::vector<std::uint64_t>;

TEST_CASE_FIXTURE(OutboxFixture, "intents get numbers in a row, and the same share none") {
    CHECK(add({make_share(1), make_share(2)}) == Seqs{1, 2});
    CHECK(add({make_share(2), make_share(3), make_share(3)}) == Seqs{0, 3, 0});
    reopen();
    CHECK(add({make_share(1), make_share(4)}) == Seqs{0, 4});
}

TEST_CASE_FIXTURE(OutboxFixture,
                  "a restart brings back what is pending, the counts and the duplicate check") {
    add({make_share(1), make_share(2), make_share(3)});
    ack(2, "019e6d5a-2347-7000-8850-39c85ed1b5d3");
    auto store_id = outbox->store_id();
    reopen();
    CHECK(outbox->store_id() == store_id);
    CHECK(outbox->counts_at_open().pending == 2);
    CHECK(outbox->counts_at_open().last_seq == 3);
    REQUIRE(outbox->recent_at_open().size() == 3);
    CHECK(outbox->recent_at_open()[0].second == make_share(1).intent.share_hash);
    CHECK(page_seqs(1, 3) == Seqs{1, 3});
}

TEST_CASE_FIXTURE(OutboxFixture, "rows that the mint has lost come again, answered or not") {
    add({make_share(1), make_share(2), make_share(3), make_share(4)});
    for (std::uint64_t seq : {1, 2, 3}) ack(seq, "019e6d5a-2347-7000-8850-39c85ed1b5d3");
    CHECK(page_seqs(1, 4) == Seqs{4});
    CHECK(page_seqs(1, 1) == Seqs{2, 3, 4});
    CHECK(page_seqs(3, 1) == Seqs{3, 4});
}

TEST_CASE_FIXTURE(OutboxFixture, "a dead letter is not pending and keeps its reason") {
    add({make_share(1)});
    bool done = false;
    outbox->bury({1, "conflict"}, [&](auto result) { done = result.has_value(); });
    REQUIRE(run_until(loop, [&] { return done; }));
    CHECK(page_seqs(1, 1).empty());
    reopen();
    CHECK(outbox->counts_at_open().dead == 1);
    CHECK(outbox->counts_at_open().pending == 0);
}

TEST_CASE_FIXTURE(OutboxFixture, "what is known of a mint is remembered") {
    crypto::XOnlyKey32 key{};
    key[0] = 7;
    CHECK_FALSE(outbox->mint_memory(key));
    bool done = false;
    outbox->remember_mint(key, {Bytes32{1}, 5}, [&](auto result) { done = result.has_value(); });
    REQUIRE(run_until(loop, [&] { return done; }));
    reopen();
    REQUIRE(outbox->mint_memory(key));
    CHECK(outbox->mint_memory(key)->generation == 5);
}

TEST_CASE_FIXTURE(OutboxFixture, "a second process is refused") {
    auto second = pool::Outbox::open(
        dir.file("outbox.db"), [](auto) {}, 0);
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find("in use") != std::string::npos);
}
