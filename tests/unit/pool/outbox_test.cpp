// The outbox: numbers without holes, one row a share, nothing forgotten over restarts.
#include "pool/outbox.hpp"

#include <filesystem>

#include "mining/job.hpp"
#include "pool_fixture.hpp"
#include "store/old_database.hpp"

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
    ack(2);
    auto store_id = outbox->store_id();
    reopen();
    CHECK(outbox->store_id() == store_id);
    CHECK(outbox->mints_at_open().at(0).pending == 2);
    CHECK(outbox->mints_at_open().at(0).last_count == 3);
    REQUIRE(outbox->recent_at_open().size() == 3);
    CHECK(outbox->recent_at_open()[0].second == make_share(1).intent.share_hash);
    CHECK(page_seqs(1, 3) == Seqs{1, 3});
}

TEST_CASE_FIXTURE(OutboxFixture, "rows that the mint has lost come again, answered or not") {
    add({make_share(1), make_share(2), make_share(3), make_share(4)});
    for (std::uint64_t seq : {1, 2, 3}) ack(seq);
    CHECK(page_seqs(1, 4) == Seqs{4});
    CHECK(page_seqs(1, 1) == Seqs{2, 3, 4});
    CHECK(page_seqs(3, 1) == Seqs{3, 4});
}

TEST_CASE_FIXTURE(OutboxFixture, "a dead letter is not pending and keeps its reason") {
    add({make_share(1)});
    bury(1, "conflict");
    CHECK(page_seqs(1, 1).empty());
    reopen();
    CHECK(outbox->mints_at_open().at(0).dead == 1);
    CHECK(outbox->mints_at_open().at(0).pending == 0);
}

TEST_CASE_FIXTURE(OutboxFixture, "what is known of a mint is remembered") {
    CHECK_FALSE(outbox->mints_at_open().at(0).memory);
    bool done = false;
    outbox->remember_mint(0, {Bytes32{1}, 5}, {}, 0, [&](auto result) { done = result.has_value(); });
    REQUIRE(run_until(loop, [&] { return done; }));
    reopen();
    REQUIRE(outbox->mints_at_open().at(0).memory);
    CHECK(outbox->mints_at_open().at(0).memory->generation == 5);
}

TEST_CASE_FIXTURE(OutboxFixture, "how far a mint was asked: all rows there are where a session was up") {
    const auto asked = [&] { return outbox->mints_at_open().at(0).asked_until; };
    const auto link = [&](std::uint64_t again_until) {
        bool done = false;
        outbox->remember_mint(0, {Bytes32{1}, 5}, {}, again_until,
                              [&](auto result) { done = result.has_value(); });
        REQUIRE(run_until(loop, [&] { return done; }));
    };
    add({make_share(1), make_share(2)});
    reopen();
    CHECK(asked() == 0);  // it never linked
    link(0);
    add({make_share(3)});
    reopen();
    CHECK(asked() == 3);
    // Nothing was asked in between.
    add({make_share(4)});
    reopen();
    CHECK(asked() == 3);
    link(2);
    outbox->save_asked(0, 4);
    add({make_share(5)});
    reopen();
    CHECK(asked() == 4);
    CHECK(outbox->mints_at_open().at(0).again_until == 2);
    link(1);
    reopen();
    CHECK(outbox->mints_at_open().at(0).again_until == 2);
}

TEST_CASE_FIXTURE(OutboxFixture, "each mint's rows count without a hole, and keep their mint over restarts") {
    mints = {"mint", "beta"};
    reopen();
    auto for_beta = [](std::uint32_t n) {
        auto share = make_share(n);
        share.mint = 1;
        return share;
    };
    const auto beta = [](std::uint64_t count) { return pool::row_seq(1, count); };
    CHECK(add({make_share(1), for_beta(2), make_share(3), for_beta(4)}) == Seqs{1, beta(1), 2, beta(2)});
    // A share is unique whichever mint it goes to.
    CHECK(add({for_beta(1), for_beta(5), make_share(6)}) == Seqs{0, beta(3), 3});
    CHECK(page_seqs(1, 0) == Seqs{1, 2, 3});
    CHECK(page_seqs(beta(1), beta(0)) == Seqs{beta(1), beta(2), beta(3)});
    ack(beta(2));
    CHECK(page_seqs(beta(1), beta(3)) == Seqs{beta(1), beta(3)});
    CHECK(page_seqs(beta(1), beta(1)) == Seqs{beta(1), beta(2), beta(3)});
    // Another order, and one that is not configured any more: the numbers stay.
    mints = {"gamma", "beta"};
    reopen();
    REQUIRE(outbox->mints_at_open().size() == 3);
    CHECK(outbox->mints_at_open()[0].name == "mint");
    CHECK(outbox->mints_at_open()[0].pending == 3);
    CHECK(outbox->mints_at_open()[1].name == "beta");
    CHECK(outbox->mints_at_open()[1].pending == 2);
    CHECK(outbox->mints_at_open()[1].last_count == 3);
    CHECK(outbox->mints_at_open()[2].name == "gamma");
    CHECK(add({for_beta(7)}) == Seqs{beta(4)});
}

TEST_CASE_FIXTURE(OutboxFixture,
                  "the same quote id for two shares is refused for the second, and for no other") {
    add({make_share(1), make_share(2), make_share(3)});
    ack(1);
    CHECK(ack(2, quote_id(1)) == Seqs{2});
    CHECK(page_seqs(1, 3) == Seqs{2, 3});
    ack(1);  // a repetition is not a different answer
    ack(3);
    CHECK(page_seqs(1, 3) == Seqs{2});
}

TEST_CASE_FIXTURE(OutboxFixture, "dead letters come back when they are asked for, and the journal keeps it") {
    add({make_share(1), make_share(2), make_share(3)});
    bury(1, "conflict");
    bury(3, "wrong amount");
    CHECK(requeue({2, 3, 3, 99}).size() == 1);
    CHECK(page_seqs(1, 3) == Seqs{2, 3});
    auto rows = requeue({});
    REQUIRE(rows.size() == 1);
    CHECK(rows[0].seq == 1);
    CHECK(rows[0].intent == make_share(1).intent);
    CHECK(requeue({}).empty());
    outbox->drain();
    auto db = pool::open_outbox_file(dir.file("outbox.db"), store::Mode::read_only);
    REQUIRE(db);
    auto journal = db->prepare("SELECT group_concat(what || ' ' || seq || ' ' || detail, ', ') FROM journal");
    REQUIRE(journal.step());
    CHECK(journal.text(0) == "dead 1 conflict, dead 3 wrong amount, requeued 3 tester, requeued 1 tester");
}

TEST_CASE_FIXTURE(OutboxFixture, "the journal keeps the id that a row had before its mint was restored") {
    add({make_share(1), make_share(2), make_share(3)});
    for (std::uint64_t seq : {1, 2, 3}) ack(seq);
    const auto again = [&](std::uint64_t seq, const std::string& id) {
        return ack(seq, id, pool::IntentState::acked);
    };
    const std::string second = "01890a5d-ac96-774b-bcce-b302099a8057",
                      third = "01890a5d-ac96-774b-bcce-b302099a8058";
    CHECK(again(1, quote_id(1)).empty());  // the same, asked for again
    CHECK(again(2, second).empty());
    CHECK(again(3, second) == Seqs{3});  // another row's: this one stays as it was
    CHECK(again(2, third).empty());
    outbox->drain();
    auto db = pool::open_outbox_file(dir.file("outbox.db"), store::Mode::read_only);
    REQUIRE(db);
    auto journal = db->prepare("SELECT group_concat(what || ' ' || seq || ' ' || detail, ', ') FROM journal");
    REQUIRE(journal.step());
    CHECK(journal.text(0) == "requoted 2 " + quote_id(2) + ", requoted 2 " + second);
}

TEST_CASE_FIXTURE(OutboxFixture, "the oldest pending share of a mint is known by its time") {
    std::optional<std::optional<UnixMs>> oldest;
    auto ask = [&] {
        oldest.reset();
        outbox->oldest_pending(0, [&](auto result) { oldest = *result; });
        REQUIRE(run_until(loop, [&] { return oldest.has_value(); }));
        return *oldest;
    };
    CHECK_FALSE(ask());
    add({make_share(1), make_share(2)});
    CHECK(ask() == make_share(1).accepted_ms);
    ack(1);
    CHECK(ask() == make_share(2).accepted_ms);
}

TEST_CASE_FIXTURE(OutboxFixture, "a restored outbox gets another identity, and keeps its rows") {
    add({make_share(1)});
    auto before = outbox->store_id();
    outbox.reset();
    {
        auto db = pool::open_outbox_file(dir.file("outbox.db"), store::Mode::existing);
        REQUIRE(db);
        pool::adopt_outbox(*db, 9);
    }
    outbox = open();
    CHECK(outbox->store_id() != before);
    CHECK(page_seqs(1, 0) == Seqs{1});
}

TEST_CASE_FIXTURE(OutboxFixture, "a second process is refused") {
    auto second = pool::Outbox::open(
        dir.file("outbox.db"), mints, [](auto) {}, 0);
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find("in use") != std::string::npos);
}

TEST_CASE_FIXTURE(OutboxFixture, "answers out of turn, and a dead letter that is tried again") {
    add({make_share(1), make_share(2), make_share(3), make_share(4), make_share(5)});
    ack(3);
    CHECK(page_seqs(1, 5) == Seqs{1, 2, 4, 5});
    ack(1);
    bury(2, "conflict");
    CHECK(page_seqs(1, 5) == Seqs{4, 5});
    ack(5);
    ack(4);
    CHECK(page_seqs(1, 5).empty());
    reopen();
    CHECK(outbox->mints_at_open().at(0).pending == 0);
    CHECK(outbox->mints_at_open().at(0).dead == 1);
    requeue({2});
    reopen();
    CHECK(outbox->mints_at_open().at(0).pending == 1);
    CHECK(page_seqs(1, 5) == Seqs{2});
    CHECK(page_seqs(1, 4) == Seqs{2, 5});
    ack(2);
    CHECK(page_seqs(1, 5).empty());
}

TEST_CASE_FIXTURE(OutboxFixture,
                  "the mark of what is settled follows the answers, and falls to what is tried again") {
    const std::string file = dir.file("outbox.db");
    auto settled = [&] { return number_in(file, "SELECT settled FROM mint"); };
    std::vector<pool::NewIntent> shares;
    for (std::uint32_t n = 1; n <= 1000; ++n) shares.push_back(make_share(n));
    add(std::move(shares));
    bury(10, "conflict");
    for (std::uint64_t first = 1; first <= 900; first += 50) {
        std::vector<std::uint64_t> seqs;
        for (std::uint64_t seq = first; seq < first + 50; ++seq)
            if (seq != 10 && seq != 700) seqs.push_back(seq);
        ack_all(seqs);
    }
    CHECK(settled() > 400);
    CHECK(settled() < 700);
    requeue({10});
    CHECK(settled() == 9);
    CHECK(page_seqs(1, 1000).front() == 10);
    ack(10);
    CHECK(page_seqs(1, 1000).front() == 700);
    CHECK(settled() == 699);
    ack(700);
    reopen();
    CHECK(outbox->mints_at_open().at(0).pending == 100);
    CHECK(page_seqs(1, 1000).front() == 901);
}

TEST_CASE_FIXTURE(OutboxFixture,
                  "a share is known while its key is in memory, leaves it, and after a restart") {
    const std::string file = dir.file("outbox.db");
    constexpr std::uint32_t kShares = 70'000, kGroup = 1000;
    for (std::uint32_t n = 0; n < kShares; n += kGroup) {
        std::vector<pool::NewIntent> group;
        for (std::uint32_t i = 0; i < kGroup; ++i) group.push_back(make_share(n + i));
        add(std::move(group));
    }
    auto are_known = [&] {
        for (std::uint32_t n : {0u, 999u, 30'000u, 32'767u, 32'768u, 50'000u, 65'535u, 69'999u})
            CHECK(add({make_share(n)}) == Seqs{0});
    };
    const auto keys = number_in(file, "SELECT count(*) FROM share_key");
    CHECK(keys > 32'000);
    CHECK(keys < kShares);
    CHECK(number_in(file, "SELECT keyed FROM mint") > 32'000);
    are_known();
    reopen();
    are_known();
    CHECK(add({make_share(kShares)}) == Seqs{kShares + 1});
    CHECK(number_in(file, "SELECT count(*) FROM outbox") == kShares + 1);
}

namespace {

std::shared_ptr<const mining::ExtendedJob> make_test_job(std::uint8_t n) {
    auto job = std::make_shared<mining::ExtendedJob>();
    job->job_id = n;
    job->version = 0x2000'0000;
    job->coinbase = {Bytes{n, 0xaa}, Bytes{0xbb}};
    job->merkle_path = {Bytes32{n}, Bytes32{2}};
    return job;
}

}  // namespace

TEST_CASE("a database of schema 1 keeps every row, answer and dead letter") {
    OutboxFixture fixture;
    fixture.outbox.reset();
    const std::string file = fixture.dir.file("old.db");
    make_old_database(file, "outbox-v1.sql");
    fixture.mints = {};
    auto opened = pool::Outbox::open(
        file, fixture.mints, [&](std::function<void()> call) { fixture.loop.post(std::move(call)); },
        1'780'000'100'000);
    REQUIRE_MESSAGE(opened, opened.error().what);
    fixture.outbox = std::move(*opened);
    const auto& known = fixture.outbox->mints_at_open();
    REQUIRE(known.size() == 2);
    CHECK(known[0].pending == 1);
    CHECK(known[0].dead == 1);
    CHECK(known[0].last_count == 7);
    CHECK(known[1].pending == 1);
    CHECK(known[1].last_count == 1);
    CHECK(fixture.page_seqs(1, 7) == Seqs{5});
    CHECK(fixture.page_seqs(pool::row_seq(1, 1), pool::row_seq(1, 1)) == Seqs{pool::row_seq(1, 1)});
    CHECK(number_in(
              file,
              "SELECT count(*) FROM outbox WHERE state = 2 AND quote_id IS NOT NULL AND acked_ms > 0") == 5);
    CHECK(number_in(file, "SELECT count(*) FROM outbox WHERE state = 3 AND dead_reason = '6 test'") == 1);
    CHECK(number_in(file, "SELECT settled FROM mint WHERE id = 0") == 4);
    CHECK(number_in(file, "SELECT count(*) FROM share_key") == 8);
    CHECK(std::filesystem::exists(file + ".backup-v1"));
    // What nobody told is not known; schema 3 keeps it.
    for (const auto& mint : known)
        if (mint.memory) CHECK_FALSE(mint.memory->mark);
    CHECK(number_in(file, "PRAGMA user_version") == 5);
}

TEST_CASE("a database of schema 2 keeps its rows and its mint, whose mark comes with its next session") {
    OutboxFixture fixture;
    fixture.outbox.reset();
    const std::string file = fixture.dir.file("old.db");
    make_old_database(file, "outbox-v2.sql");
    auto open = [&] {
        fixture.outbox.reset();
        auto opened = pool::Outbox::open(
            file, fixture.mints, [&](std::function<void()> call) { fixture.loop.post(std::move(call)); },
            1'780'000'100'000);
        REQUIRE_MESSAGE(opened, opened.error().what);
        fixture.outbox = std::move(*opened);
        return fixture.outbox->mints_at_open().at(0);
    };
    auto known = open();
    CHECK(known.pending == 2);
    CHECK(known.last_count == 8);
    REQUIRE(known.memory);
    CHECK_FALSE(known.memory->mark);
    const ehash::MintMark mark{known.memory->mint_store,       known.memory->generation, 6, 3, 4,
                               (ehash::Amount128{1} << 94) + 7};
    bool is_saved = false;
    fixture.outbox->save_mark(0, mark, [&](Result<> saved) { is_saved = saved.has_value(); });
    fixture.outbox->drain();
    REQUIRE(run_until(fixture.loop, [&] { return is_saved; }));
    known = open();
    REQUIRE(known.memory->mark);
    CHECK(*known.memory->mark == mark);
    // A late mark of another database of this mint is not taken for this one's.
    fixture.outbox->save_mark(0, {Bytes32{9}, 99, 99, 99, 99, 99}, {});
    fixture.outbox->drain();
    CHECK(*open().memory->mark == mark);
}

TEST_CASE("a database of schema 4 keeps its rows, which have no jobs, and takes new ones that have") {
    OutboxFixture fixture;
    fixture.outbox.reset();
    const std::string file = fixture.dir.file("outbox.db");
    std::filesystem::remove(file);
    make_old_database(file, "outbox-v4.sql");
    fixture.outbox = fixture.open();
    CHECK(fixture.outbox->mints_at_open().at(0).pending == 2);
    CHECK(fixture.outbox->mints_at_open().at(0).last_count == 8);
    CHECK(number_in(file, "PRAGMA user_version") == 5);
    CHECK(std::filesystem::exists(file + ".backup-v4"));
    auto share = make_share(1);
    share.job = make_test_job(1);
    CHECK(fixture.add({share}) == Seqs{9});
    CHECK(number_in(file, "SELECT count(*) FROM share WHERE job IS NULL AND extranonce IS NULL") == 8);
    CHECK(number_in(file, "SELECT count(*) FROM share JOIN job ON job.id = job WHERE seq = 9") == 1);
}

TEST_CASE("a job's parts are stored once, whatever its id, and each share has its extranonce") {
    OutboxFixture fixture;
    const std::string file = fixture.dir.file("outbox.db");
    auto with_job = [&](std::uint32_t n, std::shared_ptr<const mining::ExtendedJob> job) {
        auto share = make_share(n);
        share.job = std::move(job);
        share.extranonce = wire::B0_32::from(Bytes(16, static_cast<std::uint8_t>(n)));
        return share;
    };
    const auto one = make_test_job(1);
    auto renewed = std::make_shared<mining::ExtendedJob>(*one);
    renewed->job_id = 99;
    fixture.add({with_job(1, one), with_job(2, renewed), with_job(3, make_test_job(2))});
    fixture.add({with_job(4, renewed), make_share(5)});
    CHECK(number_in(file, "SELECT count(*) FROM job") == 2);
    CHECK(number_in(file, "SELECT count(DISTINCT job) FROM share WHERE seq IN (1, 2, 4)") == 1);
    CHECK(number_in(file, "SELECT job IS NULL AND extranonce IS NULL FROM share WHERE seq = 5") == 1);
    CHECK(number_in(file,
                    "SELECT extranonce = x'02020202020202020202020202020202' FROM share WHERE seq = 2") == 1);
    CHECK(
        number_in(file,
                  "SELECT coinbase_prefix = x'01aa' AND coinbase_suffix = x'bb' AND length(merkle_path) = 64 "
                  "AND version = 536870912 FROM job WHERE id = 1") == 1);
    // The next run finds it again; after half a day there is a new row, so that the old one can be archived.
    fixture.reopen();
    fixture.add({with_job(6, make_test_job(1))});
    CHECK(number_in(file, "SELECT count(*) FROM job") == 2);
    auto late = with_job(7, one);
    late.accepted_ms += 12 * 3600 * 1000 + 1000;
    fixture.add({late});
    CHECK(number_in(file, "SELECT count(*) FROM job") == 3);
    CHECK(number_in(file, "SELECT job FROM share ORDER BY seq DESC LIMIT 1") == 3);
}
