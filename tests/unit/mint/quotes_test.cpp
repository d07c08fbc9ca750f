// Quotes in the ledger: one for each share, paid from the start; and the mark up to which a pool was served.
#include <filesystem>

#include "ledger_fixture.hpp"
#include "store/old_database.hpp"

using namespace hp;
using namespace hp::mint;
using namespace hp::mint::test;
using hp::test::make_old_database;
using hp::test::number_in;
using hp::test::text_in;

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
        for (const auto& quote : transact([&](Ledger& l) {
                 return l.find_quotes_by_key(
                     key, only_mintable ? Ledger::Which::mintable : Ledger::Which::all, limit);
             }))
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
    QuoteIds ids{std::nullopt};
    auto early = ids.next(kNow), late = ids.next(kNow + 1);
    CHECK(early < late);
    CHECK(early != QuoteIds{std::nullopt}.next(kNow));
    auto before = ids.next(kNow - 1000);
    CHECK(late < before);
    CHECK(before < QuoteIds{before}.next(kNow - 1000));
    for (int i = 0; i < 10'000; ++i) {
        auto next = ids.next(kNow + 2);
        CHECK(before < next);
        CHECK((next[6] & 0xf0) == 0x70);
        CHECK((next[8] & 0xc0) == 0x80);
        before = next;
    }
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

TEST_CASE_FIXTURE(LedgerFixture,
                  "quotes are found by share and by owner in memory, on disk and after a restart") {
    constexpr std::uint32_t kQuotes = 70'000, kGroup = 1000;
    const auto many = test_key(7), few = test_key(8);
    auto share_of = [&](std::uint32_t n) { return share(n, 64, n % 7 == 0 ? few : many); };
    for (std::uint32_t n = 1; n <= kQuotes; n += kGroup)
        transact([&](Ledger& l) {
            for (std::uint32_t i = n; i < n + kGroup; ++i) l.create_quote(kPool, i, share_of(i), kNow + i);
            return true;
        });
    const std::string file = dir.file("mint.db");
    const auto keys = number_in(file, "SELECT count(*) FROM share_key");
    CHECK(keys > 32'000);
    CHECK(keys < kQuotes);
    auto check = [&] {
        for (std::uint32_t n : {1u, 32'768u, 50'000u, 70'000u}) CHECK(create(n, share_of(n)).replay);
        auto newest = transact(
            [&](Ledger& l) { return l.find_quotes_by_key(few.public_key(), Ledger::Which::all, 3); });
        REQUIRE(newest.size() == 3);
        CHECK(newest[0].request == to_hex(share_of(70'000).share_hash));
        CHECK(newest[2].request == to_hex(share_of(69'986).share_hash));
        auto all = transact([&](Ledger& l) {
            return l.find_quotes_by_key(few.public_key(), Ledger::Which::mintable, kQuotes);
        });
        CHECK(all.size() == kQuotes / 7);
    };
    check();
    reopen();
    check();
    CHECK(totals().quotes == kQuotes);
}

TEST_CASE_FIXTURE(LedgerFixture, "a database of schema 1 keeps its quotes, owners and marks") {
    writer.reset();
    ledger.reset();
    const std::string file = dir.file("mint.db");
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
    make_old_database(file, "mint-v1.sql");
    const auto pool_store = *array_from_hex<32>(text_in(file, "SELECT hex(pool_store) FROM pool"));
    const auto key = *array_from_hex<33>(text_in(file, "SELECT hex(pubkey) FROM quote"));
    open();
    auto found = transact([&](Ledger& l) { return l.find_quotes_by_key(key, Ledger::Which::all, 100); });
    REQUIRE(found.size() == 6);
    CHECK(std::ranges::is_sorted(found, std::greater{}, &cashu::Quote::id));
    CHECK(found[0].amount_issued == 15);
    // Numbers 6 and 7 came before 5.
    transact([&](Ledger& l) {
        l.advance(pool_store, {5}, kNow);
        return true;
    });
    CHECK(transact([](Ledger& l) { return l.last_pool(); }).last_seq == 7);
    CHECK(number_in(file, "SELECT count(*) FROM refusal") == 0);
    CHECK(number_in(file, "SELECT count(*) FROM share_key") == 6);
    // What schema 3 counts is what the rows add up to.
    CHECK(number_in(file,
                    "SELECT quotes = 6 AND operations = (SELECT count(*) FROM op) AND issued_high = 0 AND "
                    "issued_low = (SELECT sum(issued) FROM quote) AND spent_low = (SELECT "
                    "coalesce(sum(amount), 0) FROM "
                    "spent) FROM progress") == 1);
}
