// How far the ledger has come: in step with its commits, in the mark file, and what a start does with it.
#include <filesystem>
#include <fstream>
#include <latch>

#include "ledger_fixture.hpp"
#include "mint/mark_file.hpp"
#include "mint/mint.hpp"
#include "mint/release_file.hpp"
#include "mint/rollback.hpp"
#include "net/net_fixture.hpp"
#include "store/old_database.hpp"

using namespace hp;
using namespace hp::mint;
using namespace hp::mint::test;

namespace {

constexpr crypto::XOnlyKey32 kPool{1}, kOtherPool{2};

struct ProgressFixture : LedgerFixture {
    std::vector<ehash::MintMark> marks;
    ProgressFixture() {
        ledger->on_commit = [this](const ehash::MintMark& mark) { marks.push_back(mark); };
    }
    ehash::MintMark last() const {
        REQUIRE_FALSE(marks.empty());
        return marks.back();
    }
};

struct MintWithMark {
    hp::test::TempDir dir;
    net::Loop loop;
    MintOptions options = [this] {
        MintOptions made;
        made.database = dir.file("mint.db");
        made.mark_file = dir.file("marks/mint.mark");
        made.seed.fill(0x21);
        made.keyset_amounts = 8;
        return made;
    }();
    Result<std::unique_ptr<Mint>> try_open() { return Mint::open(loop, options); }
    std::unique_ptr<Mint> open() {
        auto mint = try_open();
        REQUIRE_MESSAGE(mint, mint.error().what);
        return std::move(*mint);
    }
    ehash::MintMark in_file() {
        auto read = read_mark_file(options.mark_file);
        REQUIRE_MESSAGE(read, read.error().what);
        REQUIRE(read->has_value());
        return **read;
    }
    /// With its log; nobody has it open.
    static void copy_database(const std::string& from, const std::string& to) {
        for (const char* end : {"", "-wal", "-shm"}) {
            std::filesystem::remove(to + end);
            if (std::filesystem::exists(from + end)) std::filesystem::copy_file(from + end, to + end);
        }
    }
    void quote(Mint& mint, std::uint32_t n) {
        mint.transact<bool>(
            [n](Ledger& ledger) {
                ledger.create_quote(kPool, n, share(n), kNow);
                return true;
            },
            [](Result<bool> done) { REQUIRE(done); });
        mint.drain();
    }
};

}  // namespace

TEST_CASE_FIXTURE(ProgressFixture,
                  "the mark moves with each commit: quotes, mints and swaps, and never with a refusal") {
    auto proofs = earn(1, {32, 16});
    CHECK(last() == ehash::MintMark{state.store_id, 1, 1, 1, 48, 0});
    const auto count = marks.size();
    auto made = outputs({16, 32});
    REQUIRE(swap({proofs, messages(made)}));
    CHECK(last() == ehash::MintMark{state.store_id, 1, 1, 2, 48, 48});
    // The same again is answered as before, and a spent proof is refused: nothing moves.
    REQUIRE(swap({proofs, messages(made)}));
    CHECK(code_of(swap({proofs, messages(outputs({16, 32}))})) == Code::already_spent);
    CHECK(marks.size() == count + 1);
    const auto before = last();
    reopen();
    ledger->on_commit = [this](const ehash::MintMark& mark) { marks.push_back(mark); };
    quote(2);
    CHECK(last().generation == before.generation + 1);
    CHECK(last().quotes == 2);
    CHECK(last().spent == before.spent);
}

TEST_CASE_FIXTURE(ProgressFixture, "what is rolled back does not count") {
    quote(1);
    const auto before = last();
    auto failed = try_transact([&](Ledger& l) {
        l.create_quote(kPool, 2, share(2), kNow);
        throw store::DbError(0, "test");
        return true;
    });
    CHECK_FALSE(failed);
    CHECK(last() == before);
    quote(3);
    CHECK(last().quotes == before.quotes + 1);
}

TEST_CASE_FIXTURE(ProgressFixture,
                  "the mark goes out after the commit: one that fails at its end moves nothing") {
    quote(1);
    const auto count = marks.size();
    Result<> committed;
    writer->submit(
        [&](store::Database& db) {
            // What COMMIT itself refuses: the observer has written its part by then.
            db.exec("PRAGMA defer_foreign_keys=ON");
            ledger->create_quote(kPool, 2, share(2), kNow);
            db.exec("INSERT INTO op_quote SELECT 999, id, 1 FROM quote LIMIT 1");
        },
        [&](Result<> result) { committed = std::move(result); });
    writer->drain();
    CHECK_FALSE(committed);
    CHECK(marks.size() == count);
    quote(2);
    CHECK(last().quotes == 2);
}

TEST_CASE_FIXTURE(ProgressFixture,
                  "a share that had been answered gets a held quote: unpaid until it is released") {
    auto again = [&](std::uint32_t n) {
        return transact([&](Ledger& l) { return l.create_quote(kPool, n, share(n), kNow, true); });
    };
    auto known = quote(1);
    CHECK(again(1).replay);
    auto first = again(2), second = again(3);
    CHECK(first.is_held);
    CHECK(again(2).replay);
    CHECK(find(first.quote_id).amount_paid == 0);
    CHECK(transact([](Ledger& l) { return l.held(); }).quotes == 2);
    CHECK(transact([](Ledger& l) { return l.held(); }).amount == 128);
    auto made = outputs({64});
    CHECK(code_of(mint(mint_request(first.quote_id, made))) == Code::quote_not_paid);
    CHECK(transact([&](Ledger& l) {
              return l.find_quotes_by_key(test_key(7).public_key(), Ledger::Which::mintable, 10);
          }).size() == 1);
    const auto held_ids = [&] {
        std::vector<std::string> ids;
        for (const auto& one : transact([&](Ledger& l) {
                 return l.find_quotes_by_key(test_key(7).public_key(), Ledger::Which::held, 10);
             })) {
            CHECK(one.held_since == kNow / 1000);
            CHECK(one.amount == 64);
            ids.push_back(one.id);
        }
        return ids;
    };
    CHECK(held_ids() == std::vector{second.quote_id, first.quote_id});
    CHECK_FALSE(find(known).held_since);
    auto release = [&](std::vector<std::string> ids) {
        return transact([&](Ledger& l) { return l.release(ids, "test", kNow); }).quotes;
    };
    auto release_until = [&](const std::string& last, std::size_t limit = 100) {
        return transact([&](Ledger& l) { return l.release_until(last, limit, "test", kNow); }).quotes;
    };
    // What is not held, twice, or none at all, changes nothing.
    CHECK(release({known, "019e6d5a-2347-7000-8850-39c85ed1b5d1", first.quote_id, first.quote_id}) == 1);
    REQUIRE(mint(mint_request(first.quote_id, made)));
    CHECK(find(second.quote_id).amount_paid == 0);
    reopen();
    // What is held later is not meant.
    auto later = again(4);
    CHECK(release({}) == 0);
    CHECK(release_until(first.quote_id) == 0);
    CHECK(release_until(second.quote_id) == 1);
    CHECK(release_until(second.quote_id) == 0);
    CHECK(find(second.quote_id).amount_paid == 64);
    CHECK_FALSE(find(second.quote_id).held_since);
    CHECK(find(later.quote_id).held_since);
    CHECK(held_ids() == std::vector{later.quote_id});
    auto last = again(5);
    CHECK(release_until(last.quote_id, 1) == 1);
    CHECK(find(later.quote_id).amount_paid == 64);
    CHECK(release_until(last.quote_id, 1) == 1);
    CHECK(transact([](Ledger& l) { return l.held(); }).quotes == 0);
}

TEST_CASE("by its header's time a share's quote may have been lost with what an old copy lacks") {
    constexpr UnixMs kLetIn = 1'780'000'000'999;
    constexpr std::uint32_t kLetInSeconds = 1'780'000'000;
    CHECK(may_be_lost(kLetInSeconds - 100'000, kLetIn, kLetIn + 5'000));
    CHECK(may_be_lost(kLetInSeconds, kLetIn, kLetIn + 5'000));
    CHECK_FALSE(may_be_lost(kLetInSeconds + 1, kLetIn, kLetIn + 5'000));
    // A header may be two hours ahead of the time at which it was found: then the mint's clock says so.
    CHECK_FALSE(may_be_lost(kLetInSeconds + 65, kLetIn, kLetIn + 5'000));
    CHECK(may_be_lost(kLetInSeconds + 66, kLetIn, kLetIn + 5'000));
    CHECK(may_be_lost(kLetInSeconds + 7'200, kLetIn, kLetIn + 5'000));
    CHECK_FALSE(may_be_lost(kLetInSeconds + 7'201, kLetIn, kLetIn + 5'000));
    CHECK_FALSE(may_be_lost(kLetInSeconds + 3'600, kLetIn, kLetIn + 3'600'000));
}

TEST_CASE_FIXTURE(MintWithMark,
                  "after an old copy was let in, the mint itself holds what it may have answered before") {
    auto mint = open();
    quote(*mint, 1);
    mint.reset();
    copy_database(options.database, dir.file("copy.db"));
    mint = open();
    quote(*mint, 2);
    mint.reset();
    copy_database(dir.file("copy.db"), options.database);
    bool is_known = true;
    SUBCASE("with its mark") {}
    SUBCASE("without one, so that nothing says what it lacks") {
        is_known = false;
        std::filesystem::remove(options.mark_file);
    }
    // Shares 1 to 5 have header times up to then.
    const auto accepted = accept_rollback(options.database, options.mark_file, "test", 1'780'000'005'500);
    REQUIRE(accepted);
    REQUIRE(accepted->all.size() == 1);
    CHECK(accepted->all[0].lost.has_value() == is_known);
    mint = open();
    for (std::uint32_t n : {1, 2, 5, 6}) quote(*mint, n);
    HeldQuotes held;
    mint->transact<bool>(
        [&](Ledger& ledger) {
            held = ledger.held();
            return true;
        },
        [](Result<bool>) {});
    mint->drain();
    CHECK(held.quotes == 2);
}

TEST_CASE_FIXTURE(MintWithMark,
                  "a rollback is accepted once, however often it fails or is killed on the way") {
    auto mint = open();
    quote(*mint, 1);
    mint.reset();
    copy_database(options.database, dir.file("older.db"));
    mint = open();
    quote(*mint, 2);
    mint.reset();
    copy_database(options.database, dir.file("copy.db"));
    mint = open();
    quote(*mint, 3);
    mint.reset();
    copy_database(dir.file("copy.db"), options.database);
    const auto accept = [&](UnixMs now) {
        return accept_rollback(options.database, options.mark_file, "test", now);
    };
    const auto rows = [&] {
        auto db = *Ledger::open(options.database);
        return *Ledger::rollbacks(db);
    };
    std::uint64_t lacks = 1;
    // A file of rollbacks that cannot be read is found out first.
    const std::string all = rollback_path(options.mark_file);
    std::ofstream(all) << "half a li";
    for (UnixMs at : {1, 2, 3}) CHECK_FALSE(accept(kNow + at));
    CHECK(rows().empty());
    std::filesystem::remove(all);
    SUBCASE("the mark cannot be written") {
        std::filesystem::create_directory(options.mark_file + ".new");
        for (UnixMs at : {11, 12, 13}) CHECK_FALSE(accept(kNow + at));
        CHECK(rows().size() == 1);
        std::filesystem::remove(options.mark_file + ".new");
    }
    SUBCASE("killed after its row was committed") {
        auto db = *Ledger::open(options.database);
        const auto at = *begin_acceptance(options.mark_file, kNow + 11, {});
        ehash::Setback lost;
        lost.quotes = 1;
        REQUIRE(Ledger::remember_rollback(db, lost, "test", at));
    }
    SUBCASE("and then with a copy that is older still, and has no row of the first try") {
        std::filesystem::create_directory(options.mark_file + ".new");
        CHECK_FALSE(accept(kNow + 11));
        std::filesystem::remove(options.mark_file + ".new");
        copy_database(dir.file("older.db"), options.database);
        lacks = 2;
    }
    const auto done = accept(kNow + 20);
    REQUIRE(done);
    REQUIRE(done->all.size() == 1);
    CHECK(done->all[0].at_ms == kNow + 11);
    CHECK(done->all[0].lost->quotes == lacks);
    CHECK(rows().size() == 1);
    CHECK(read_rollbacks(options.mark_file)->size() == 1);
    // Done is done.
    CHECK(accept(kNow + 21)->all.size() == 1);
    // The next one is another, also where nothing was put away at the end of the first.
    REQUIRE(begin_acceptance(options.mark_file, kNow + 11, {}));
    mint = open();
    for (std::uint32_t n : {7, 8}) quote(*mint, n);
    mint.reset();
    copy_database(dir.file("copy.db"), options.database);
    const auto next = accept(kNow + 30);
    REQUIRE(next);
    REQUIRE(next->all.size() == 2);
    CHECK(next->all[1].at_ms == kNow + 30);
}

TEST_CASE_FIXTURE(MintWithMark, "the file is written before anything is served, and follows each commit") {
    auto mint = open();
    CHECK(in_file().generation == 1);
    CHECK(mint->signing_paused_because().empty());
    for (std::uint32_t n = 1; n <= 5; ++n) quote(*mint, n);
    CHECK(mint->mark().quotes == 5);
    CHECK(in_file().quotes <= 5);
    mint.reset();
    CHECK(in_file().quotes == 5);
    CHECK(open()->state().generation == 2);
    CHECK(in_file().generation == 2);
}

TEST_CASE_FIXTURE(MintWithMark,
                  "an old copy is refused until it is accepted, once; without a mark only the pool can say") {
    auto mint = open();
    quote(*mint, 1);
    mint.reset();
    copy_database(options.database, dir.file("copy.db"));
    mint = open();
    quote(*mint, 2);
    mint.reset();
    bool is_another = false;
    SUBCASE("an old copy") { copy_database(dir.file("copy.db"), options.database); }
    SUBCASE("another database") {
        is_another = std::filesystem::remove(options.database);
        // None at all: what is refused makes none, and there is nothing to accept, nor in an empty file.
        CHECK_FALSE(try_open());
        CHECK_FALSE(std::filesystem::exists(options.database));
        CHECK_FALSE(accept_rollback(options.database, options.mark_file, "test", kNow));
        REQUIRE(Ledger::open(options.database));
        const auto empty = accept_rollback(options.database, options.mark_file, "test", kNow);
        REQUIRE_FALSE(empty);
        CHECK(empty.error().what.ends_with("is empty: it was never used by a mint"));
        const auto mark_file = std::exchange(options.mark_file, dir.file("another.mark"));
        mint = open();
        mint.reset();
        options.mark_file = mark_file;
    }
    for (int i = 0; i < 2; ++i) {
        auto refused = try_open();
        REQUIRE_FALSE(refused);
        CHECK_MESSAGE(refused.error().what.find("is behind its mark") != std::string::npos,
                      refused.error().what);
        CHECK(in_file().quotes == 2);
    }
    auto accepted = accept_rollback(options.database, options.mark_file, "test", kNow);
    REQUIRE_MESSAGE(accepted, accepted.error().what);
    CHECK(accepted->lost->is_other_store == is_another);
    CHECK(accepted->lost->quotes == (is_another ? 2 : 1));
    mint = open();
    CHECK(mint->mark().quotes == (is_another ? 0 : 1));
    CHECK(mint->signing_paused_because().empty());
    mint.reset();
    std::filesystem::remove(options.mark_file);
    mint = open();
    CHECK_FALSE(mint->signing_paused_because().empty());
    // Whether it may sign is not for the next start to forget.
    mint.reset();
    CHECK_FALSE(std::filesystem::exists(options.mark_file));
    REQUIRE(accept_rollback(options.database, options.mark_file, "test", kNow));
    mint = open();
    CHECK_FALSE(mint->signing_paused_because().empty());
    mint->let_in_by(kPool);
    CHECK(mint->signing_paused_because().empty());
    mint.reset();
    CHECK(in_file().quotes == (is_another ? 0 : 1));
}

TEST_CASE_FIXTURE(MintWithMark,
                  "a mint that its pool has refused waits for the pool after the next start too") {
    auto mint = open();
    quote(*mint, 1);
    mint->pause_signing("the pool says so");
    mint.reset();
    CHECK_FALSE(std::filesystem::exists(options.mark_file));
    // What the mark said is not forgotten: an older copy is noticed all the same.
    const auto held = read_mark_file(held_mark_path(options.mark_file));
    REQUIRE((held && *held));
    CHECK((*held)->quotes == 1);
    CHECK(judge({(*held)->store, 1, 0, 0, 0, 0}, {*held, true}) == MarkVerdict::behind_mark);
    mint = open();
    CHECK_FALSE(mint->signing_paused_because().empty());
    // What the pool is told of first is from before anything that this process does.
    quote(*mint, 2);
    CHECK(mint->first_mark(kPool).quotes == 1);
    CHECK(mint->mark().quotes == 2);
    // A second session with the same pool tells it where the ledger is now; another pool has not judged yet.
    mint->let_in_by(kPool);
    CHECK(mint->first_mark(kPool).quotes == 2);
    CHECK(mint->first_mark(kOtherPool).quotes == 1);
}

TEST_CASE_FIXTURE(MintWithMark, "a request to release from before a rollback was accepted goes with it") {
    auto mint = open();
    quote(*mint, 1);
    mint.reset();
    REQUIRE(leave_request(options.database, {{}, "test", uuid_text({})}));
    REQUIRE(accept_rollback(options.database, options.mark_file, "test", kNow));
    CHECK_FALSE(find_request(options.database)->has_value());
}

TEST_CASE_FIXTURE(MintWithMark, "a mark file that says something else is no missing one") {
    open();
    std::ofstream{options.mark_file} << "hashpool mint mark 1\nstore";
    auto refused = try_open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().what.find("mark file") != std::string::npos);
    REQUIRE(accept_rollback(options.database, options.mark_file, "test", kNow));
    CHECK(open()->state().generation == 2);
}

TEST_CASE("the keeper writes the newest, holds nobody up, and says once that it cannot") {
    hp::test::TempDir dir;
    const std::string path = dir.file("mark");
    std::vector<bool> troubles;
    std::latch failed{1};
    {
        MarkKeeper keeper{path, {}, [&](const std::optional<Error>& trouble) {
                              troubles.push_back(trouble.has_value());
                              if (troubles.size() == 1) failed.count_down();
                          }};
        std::filesystem::create_directory(path);  // in its way
        for (std::uint64_t n = 1; n <= 1000; ++n) keeper.set({Bytes32{1}, 1, n, 0, 0, 0});
        CHECK(keeper.newest().quotes == 1000);
        failed.wait();
        std::filesystem::remove(path);
    }
    CHECK(troubles == std::vector<bool>{true, false});
    auto read = read_mark_file(path);
    REQUIRE(read);
    REQUIRE(read->has_value());
    CHECK((*read)->quotes == 1000);
}

TEST_CASE_FIXTURE(LedgerFixture, "a database of schema 2 gets its counts, and goes on from them") {
    writer.reset();
    ledger.reset();
    const std::string file = dir.file("mint.db");
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(file + end);
    hp::test::make_old_database(file, "mint-v2.sql");
    const auto before = [&] {
        auto db = Ledger::open(file);
        REQUIRE_MESSAGE(db, db.error().what);
        return Ledger::mark_in(*db);
    }();
    REQUIRE(before);
    CHECK(before->generation == 1);
    CHECK(before->quotes == 6);
    CHECK(before->operations == 3);
    CHECK(before->issued == 4);
    CHECK(before->spent == 7);
    open();
    ehash::MintMark last;
    ledger->on_commit = [&](const ehash::MintMark& mark) { last = mark; };
    quote(100);
    CHECK(last.quotes == 7);
    CHECK(last.spent == 7);
    CHECK(last.generation == 2);
}
