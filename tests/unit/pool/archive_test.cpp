// Old rows leave for an archive and come back: numbers, sums and jobs stay right at every step.
#include "pool/archive.hpp"

#include <filesystem>

#include "mining/job.hpp"
#include "pool_fixture.hpp"
#include "store/old_database.hpp"

using namespace hp;
using namespace hp::test;

namespace {

constexpr UnixMs kDay = 24 * 3600 * 1000;
constexpr UnixMs kFirst = 1'780'000'000'000;

/// Ten rows: a day apart, each with a job of its own; 3 is dead, 9 pending, the others answered.
struct ArchiveFixture : OutboxFixture {
    const std::string file = dir.file("outbox.db"), to = dir.file("old.archive");

    ArchiveFixture() {
        for (std::uint32_t n = 1; n <= 10; ++n) {
            auto share = make_share(n);
            share.accepted_ms = kFirst + n * kDay;
            auto job = std::make_shared<mining::ExtendedJob>();
            job->coinbase.prefix = Bytes{static_cast<std::uint8_t>(n)};
            share.job = job;
            share.extranonce = wire::B0_32::from(Bytes(16, static_cast<std::uint8_t>(n)));
            add({share});
        }
        bury(3, "conflict");
        for (std::uint64_t seq : {1, 2, 4, 5, 6, 7, 8, 10}) ack(seq);
        stop();
        // As if there were many more rows: the keys of these are in their table.
        change([](store::Database& db) {
            db.exec(
                "INSERT INTO share_key SELECT ntime, substr(share_hash, 1, 12), seq FROM share; UPDATE mint "
                "SET keyed = "
                "10, settled = 8");
        });
    }
    void stop() { outbox.reset(); }
    void change(const std::function<void(store::Database&)>& call) {
        auto db = pool::open_outbox_file(file, store::Mode::existing);
        REQUIRE_MESSAGE(db, db.error().what);
        call(*db);
    }
    std::vector<pool::ArchivePart> write(UnixMs before) {
        auto parts = pool::write_archive(file, to, before, "tester", kFirst + 20 * kDay);
        REQUIRE_MESSAGE(parts, parts.error().what);
        return *parts;
    }
    /// Slices of `limit`, until nothing is left or `slices` are done.
    void drop(const std::vector<pool::ArchivePart>& parts, std::size_t limit, int slices = 1000) {
        change([&](store::Database& db) {
            for (bool has_more = true; has_more && slices > 0; --slices) {
                store::Transaction transaction{db};
                has_more = pool::drop_archived(db, parts, limit, kFirst + 20 * kDay);
                transaction.commit();
            }
        });
    }
    std::int64_t number(const char* sql) { return number_in(file, sql); }
};

}  // namespace

TEST_CASE_FIXTURE(ArchiveFixture,
                  "answered rows up to the first newer or pending one leave, dead ones stay") {
    const auto parts = write(kFirst + 8 * kDay);
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].first == 1);
    CHECK(parts[0].until == 7);
    CHECK(parts[0].rows == 6);
    CHECK(parts[0].amount_low == 6);
    CHECK(number("SELECT count(*) FROM share") == 10);  // until they are deleted
    CHECK(number_in(to, "SELECT count(*) FROM share") == 6);
    CHECK(number_in(to,
                    "SELECT count(*) FROM share JOIN job ON job.id = job AND coinbase_prefix = "
                    "substr(extranonce, 1, 1)") == 6);
    drop(parts, 3);
    CHECK(number("SELECT count(*) FROM share") == 4);
    CHECK(number("SELECT count(*) FROM share WHERE seq = 3") == 1);
    CHECK(number("SELECT count(*) FROM share_key") == 4);
    CHECK(number("SELECT count(*) FROM answer") == 2);
    CHECK(number("SELECT archived FROM mint") == 7);
    CHECK(number("SELECT archived_rows FROM mint") == 6);
    CHECK(number("SELECT archived_low FROM mint") == 6);
    // Jobs go a day after their last reader; the dead row keeps its own.
    CHECK(number("SELECT count(*) FROM job") == 5);
    CHECK(number("SELECT count(*) FROM share WHERE job NOT IN (SELECT id FROM job)") == 0);
}

TEST_CASE_FIXTURE(ArchiveFixture,
                  "what was interrupted goes on where it stopped, and numbers are not given again") {
    const auto parts = write(kFirst + 30 * kDay);
    CHECK(parts.at(0).until == 8);  // 9 is pending
    drop(parts, 2, 2);
    CHECK(number("SELECT archived FROM mint") == 4);
    CHECK(number("SELECT archived_rows FROM mint") == 3);
    outbox = open();
    CHECK(outbox->mints_at_open().at(0).last_count == 10);
    CHECK(outbox->archived_until(0) == 4);
    CHECK(page_seqs(1, 4) == std::vector<std::uint64_t>{5, 6, 7, 8, 9, 10});  // a mint that has 4 rows
    std::optional<bool> is_more;
    do {
        is_more.reset();
        outbox->drop_archived(parts, [&](Result<bool> more) { is_more = more.value(); });
        REQUIRE(run_until(loop, [&] { return is_more.has_value(); }));
    } while (*is_more);
    CHECK(outbox->archived_until(0) == 8);
    CHECK(add({make_share(11)}) == std::vector<std::uint64_t>{11});
    CHECK(add({make_share(10)}) == std::vector<std::uint64_t>{0});
    stop();
    // All rows but dead ones are gone: the next number is still the next.
    change([](store::Database& db) {
        db.exec(
            "DELETE FROM share WHERE seq > 3; DELETE FROM answer WHERE seq > 3; DELETE FROM share_key WHERE "
            "seq > 3;"
            "UPDATE mint SET archived = 11");
    });
    outbox = open();
    CHECK(add({make_share(12)}) == std::vector<std::uint64_t>{12});
}

TEST_CASE_FIXTURE(ArchiveFixture, "an archive comes back whole, the newest first, and can leave again") {
    const auto first = write(kFirst + 5 * kDay);
    drop(first, 100);
    const std::string newer = dir.file("newer.archive");
    auto second = pool::write_archive(file, newer, kFirst + 8 * kDay, "tester", kFirst + 21 * kDay);
    REQUIRE(second);
    CHECK(second->at(0).first == 5);
    drop(*second, 100);
    change([&](store::Database& db) {
        const auto refused = pool::restore_archive(db, to, "tester", 1);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().hint == "restore the newest archive first");
        REQUIRE(pool::restore_archive(db, newer, "tester", 1));
        REQUIRE(pool::restore_archive(db, to, "tester", 1));
    });
    CHECK(number("SELECT count(*) FROM outbox WHERE state = 2 AND quote_id IS NOT NULL") == 8);
    CHECK(number("SELECT archived + archived_rows + archived_high + archived_low FROM mint") == 0);
    CHECK(number("SELECT count(*) FROM share JOIN job ON job.id = job AND coinbase_prefix = "
                 "substr(extranonce, 1, 1)") == 10);
    CHECK(number("SELECT count(*) FROM share_key") == 10);
    outbox = open();
    CHECK(page_seqs(1, 1).size() == 9);
    CHECK(add({make_share(4)}) == std::vector<std::uint64_t>{0});
}

TEST_CASE_FIXTURE(ArchiveFixture,
                  "nothing old, an existing file, another outbox's archive, a request that is not one") {
    CHECK(write(kFirst).empty());
    CHECK_FALSE(std::filesystem::exists(to));
    write(kFirst + 5 * kDay);
    CHECK_FALSE(pool::write_archive(file, to, kFirst + 5 * kDay, "tester", 1));
    CHECK_FALSE(pool::read_archive(to, Bytes32{1}));
    CHECK_FALSE(pool::read_archive(file, Bytes32{1}));
    outbox = open();
    const Bytes32 store = outbox->store_id();
    CHECK(pool::read_archive(to, store)->at(0).until == 4);
    CHECK_FALSE(pool::find_archive_request(file, store)->has_value());
    REQUIRE(pool::leave_archive_request(file, "tester", to));
    const auto request = pool::find_archive_request(file, store);
    REQUIRE(request);
    REQUIRE(request->has_value());
    CHECK((*request)->by == "tester");
    CHECK((*request)->file == to);
    CHECK((*request)->parts.size() == 1);
    REQUIRE(pool::remove_archive_request(file));
    REQUIRE(pool::leave_archive_request(file, "tester", dir.file("none")));
    CHECK_FALSE(pool::find_archive_request(file, store));
    stop();
    // An outbox with archived rows gets no new identity: its rows would be gaps at the mint for ever.
    drop(pool::read_archive(to, store).value(), 100);
    change([](store::Database& db) { CHECK_THROWS_AS(pool::adopt_outbox(db, 1), store::DbError); });
}
