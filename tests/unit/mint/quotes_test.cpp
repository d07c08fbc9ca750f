// Quotes in the ledger: one for each share, paid from the start; and the mark up to which a pool was served.
#include "ledger_fixture.hpp"

using namespace hp;
using namespace hp::mint;
using namespace hp::mint::test;

TEST_CASE_FIXTURE(LedgerFixture, "a share has one quote, and gets its id again") {
    auto first = create(1, share(1));
    CHECK_FALSE(first.replay);
    CHECK_FALSE(first.conflict);
    auto again = create(1, share(1), kNow + 5000);
    CHECK(again.replay);
    CHECK(again.quote_id == first.quote_id);
    auto under_another_number = create(9, share(1));
    CHECK(under_another_number.replay);
    CHECK(under_another_number.quote_id == first.quote_id);
    CHECK(create(2, share(2)).quote_id != first.quote_id);
    CHECK(totals().quotes == 2);
    CHECK(totals().quoted == 128);

    auto quote = find(first.quote_id);
    CHECK(quote.request == to_hex(share(1).share_hash));
    CHECK(quote.method == "ehash");
    CHECK(quote.unit == "hash");
    CHECK(quote.amount == 64);
    CHECK(quote.amount_paid == 64);
    CHECK(quote.amount_issued == 0);
    CHECK(quote.pubkey == test_key(7).public_key());
    CHECK(quote.updated_at == kNow / 1000);
}

TEST_CASE_FIXTURE(LedgerFixture,
                  "the same share with another amount or key is a conflict, and the first stands") {
    auto first = create(1, share(1));
    for (const auto& other : {share(1, 128), share(1, 64, test_key(8))}) {
        auto conflict = create(2, other);
        CHECK(conflict.conflict);
        CHECK_FALSE(conflict.replay);
        CHECK(conflict.quote_id.empty());
    }
    CHECK(totals().quotes == 1);
    CHECK(find(first.quote_id).amount == 64);
    CHECK(find(first.quote_id).pubkey == test_key(7).public_key());
}

TEST_CASE_FIXTURE(LedgerFixture,
                  "quotes are found by key, newest first, whichever prefix the key is asked with") {
    std::vector<std::string> ids;
    for (std::uint32_t n = 1; n <= 3; ++n) ids.push_back(create(n, share(n), kNow + n).quote_id);
    create(4, share(4, 64, test_key(8)));
    auto key = test_key(7).public_key();
    auto by_key = [&](bool only_mintable, std::size_t limit) {
        std::vector<std::string> found;
        for (const auto& quote :
             transact([&](Ledger& l) { return l.find_quotes_by_key(key, only_mintable, limit); }))
            found.push_back(quote.id);
        return found;
    };
    CHECK(by_key(false, 10) == std::vector{ids[2], ids[1], ids[0]});
    CHECK(by_key(false, 2) == std::vector{ids[2], ids[1]});
    REQUIRE(mint(mint_request(ids[1], outputs({64}))));
    REQUIRE(mint(mint_request(ids[2], outputs({32}))));
    CHECK(by_key(true, 10) == std::vector{ids[2], ids[0]});
    key[0] ^= 1;
    CHECK(by_key(true, 10) == std::vector{ids[2], ids[0]});
    CHECK_FALSE(transact([](Ledger& l) { return l.find_quote("no-uuid"); }).has_value());
    CHECK_FALSE(
        transact([](Ledger& l) { return l.find_quote("019e6d5a-2347-7000-8850-39c85ed1b5d0"); }).has_value());
}

TEST_CASE_FIXTURE(LedgerFixture, "totals are exact above 2^64") {
    constexpr std::uint64_t most = std::uint64_t{1} << 62;
    CHECK(totals().quoted == 0);
    for (std::uint32_t n = 1; n <= 5; ++n) create(n, share(n, most));
    CHECK(totals().quoted == Ledger::Amount128{most} * 5);
}

namespace {

struct MarkFixture : LedgerFixture {
    /// As the link does it: quotes for these numbers, and the mark, in one transaction.
    void serve(const std::vector<std::uint64_t>& seqs) {
        transact([&](Ledger& l) {
            for (auto seq : seqs) l.create_quote(kPool, seq, share(static_cast<std::uint32_t>(seq)), kNow);
            l.advance(kPool, seqs, kNow);
            return true;
        });
    }
    void refuse(std::uint64_t seq) {
        transact([&](Ledger& l) {
            l.remember_refusal(kPool, seq, Bytes32{9}, 4, kNow);
            l.advance(kPool, {seq}, kNow);
            return true;
        });
    }
    std::uint64_t mark() {
        auto memory = transact([](Ledger& l) { return l.last_pool(); });
        if (memory.last_seq) CHECK(memory.pool_store == kPool);
        return memory.last_seq;
    }
};

}  // namespace

TEST_CASE_FIXTURE(MarkFixture, "the mark stands before the first hole, and goes over what waited behind it") {
    CHECK(mark() == 0);
    serve({1, 2});
    CHECK(mark() == 2);
    serve({4, 5});
    serve({7});
    CHECK(mark() == 2);
    serve({3});
    CHECK(mark() == 5);
    serve({6});
    CHECK(mark() == 7);
    serve({10, 9, 8});  // any order
    CHECK(mark() == 10);
    serve({1, 10});  // sent again
    CHECK(mark() == 10);
}

TEST_CASE_FIXTURE(MarkFixture, "a refusal closes its hole too, and a restart keeps the mark") {
    serve({1, 3});
    CHECK(mark() == 1);
    reopen();
    CHECK(mark() == 1);
    refuse(2);
    CHECK(mark() == 3);
    refuse(2);
    refuse(5);
    CHECK(mark() == 3);
    reopen();
    CHECK(mark() == 3);
    serve({4});
    CHECK(mark() == 5);
}

TEST_CASE_FIXTURE(MarkFixture,
                  "a replay of another number's share behind a hole is dealt with, over a restart too") {
    serve({1, 2});
    auto replay = [&](std::uint64_t seq) {
        transact([&](Ledger& l) {
            CHECK(l.create_quote(kPool, seq, share(1), kNow).replay);
            l.advance(kPool, {seq}, kNow);
            return true;
        });
    };
    replay(4);
    replay(6);
    CHECK(mark() == 2);
    reopen();
    serve({3});
    CHECK(mark() == 4);
    serve({5});
    CHECK(mark() == 6);
    replay(4);
    CHECK(mark() == 6);
}

TEST_CASE_FIXTURE(MarkFixture, "each pool's numbers are its own; the one served last is spoken of") {
    serve({1, 2, 3});
    constexpr Bytes32 other{0x71};
    transact([&](Ledger& l) {
        l.create_quote(other, 1, share(100), kNow);
        l.advance(other, {1}, kNow + 1);
        return true;
    });
    auto memory = transact([](Ledger& l) { return l.last_pool(); });
    CHECK(memory.pool_store == other);
    CHECK(memory.last_seq == 1);
    transact([&](Ledger& l) { return l.advance(kPool, {}, kNow + 2), true; });
    CHECK(mark() == 3);
}

TEST_CASE_FIXTURE(LedgerFixture, "a start keeps the store's id and raises its generation") {
    CHECK(state.generation == 1);
    auto id = state.store_id;
    CHECK(id != Bytes32{});
    for (std::uint64_t generation = 2; generation <= 3; ++generation) {
        reopen();
        CHECK(state.generation == generation);
        CHECK(state.store_id == id);
    }
}

TEST_CASE_FIXTURE(LedgerFixture,
                  "a job that fails leaves nothing, and its neighbours in the group are stored once") {
    int done = 0, failed = 0;
    auto count = [&](Result<> result) { ++(result ? done : failed); };
    auto create_job = [&](std::uint32_t n) {
        return [this, n](store::Database&) { ledger->create_quote(kPool, n, share(n), kNow); };
    };
    writer->submit(create_job(1), count);
    writer->submit(
        [&](store::Database& db) {
            create_job(2)(db);
            throw store::DbError(0, "the disk says no");
        },
        count);
    writer->submit(create_job(3), count);
    writer->drain();
    CHECK(done == 2);
    CHECK(failed == 1);
    CHECK(totals().quotes == 2);
    CHECK(create(1, share(1)).replay);
    CHECK_FALSE(create(2, share(2)).replay);
    CHECK(create(3, share(3)).replay);
}

TEST_CASE("UUIDs: version 7, ordered by time, one spelling out, either case in") {
    auto early = make_uuid_v7(kNow), late = make_uuid_v7(kNow + 1);
    CHECK(early < late);
    CHECK(early != make_uuid_v7(kNow));
    auto text = uuid_text(early);
    CHECK(text.size() == 36);
    CHECK(text[14] == '7');
    CHECK((early[8] & 0xc0) == 0x80);
    CHECK(uuid_from_text(text) == early);
    std::string upper = text;
    for (char& c : upper)
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    CHECK(uuid_from_text(upper) == early);
    for (const char* bad : {"", "019e6d5a", "019e6d5a23477000885039c85ed1b5d0",
                            "019e6d5a-2347-7000-8850-39c85ed1b5d0 ", "{19e6d5a-2347-7000-8850-39c85ed1b5d}",
                            "019e6d5a-2347-7000-8850-39c85ed1b5dg", "019e6d5a-2347-7000-8850x39c85ed1b5d0"}) {
        CAPTURE(bad);
        CHECK_FALSE(uuid_from_text(bad).has_value());
    }
}
