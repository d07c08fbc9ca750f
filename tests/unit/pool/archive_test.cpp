// Old rows leave for an archive and come back: numbers, sums and jobs stay right at every step.
#include "pool/archive.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>

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
    pool::ArchiveSlices slices_of(const std::vector<pool::ArchivePart>& parts, const std::string& archive) {
        Bytes32 store{};
        change([&](store::Database& db) {
            auto id = db.prepare("SELECT id FROM store");
            REQUIRE(id.step());
            store = id.array<32>(0);
        });
        return {archive, store, parts};
    }
    /// Slices of `limit`, until nothing is left or `slices` are done.
    void drop(const std::vector<pool::ArchivePart>& parts, std::size_t limit, int count = 1000,
              std::string archive = {}) {
        auto slices = slices_of(parts, archive.empty() ? to : archive);
        change([&](store::Database& db) {
            for (; count > 0; --count) {
                const auto slice = slices.next(limit);
                REQUIRE_MESSAGE(slice, slice.error().what);
                store::Transaction transaction{db};
                const bool is_done = !*slice && !pool::drop_archived_jobs(db, limit, kFirst + 20 * kDay);
                if (*slice) pool::drop_archived(db, **slice);
                transaction.commit();
                if (is_done) return;
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
    CHECK(number("SELECT archived FROM mint") == 5);  // 3 is dead
    CHECK(number("SELECT archived_rows FROM mint") == 4);
    outbox = open();
    CHECK(outbox->mints_at_open().at(0).last_count == 10);
    CHECK(outbox->archived_until(0) == 5);
    CHECK(page_seqs(1, 5) == std::vector<std::uint64_t>{6, 7, 8, 9, 10});  // a mint that has 5 rows
    pool::ArchiveSlices slices{to, outbox->store_id(), parts};
    for (auto slice = slices.next(3).value(); slice; slice = slices.next(3).value()) {
        bool is_done = false;
        outbox->drop_archived(std::make_shared<const pool::ArchiveSlice>(*slice),
                              [&](Result<> done) { is_done = done.has_value(); });
        REQUIRE(run_until(loop, [&] { return is_done; }));
    }
    std::optional<bool> is_more;
    outbox->drop_archived_jobs([&](Result<bool> more) { is_more = more.value(); });
    REQUIRE(run_until(loop, [&] { return is_more.has_value(); }));
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

TEST_CASE_FIXTURE(ArchiveFixture, "rows of a mint that the outbox does not know are refused") {
    outbox = open();
    pool::ArchiveSlice slice;
    slice.mint = 7;
    std::optional<Result<>> answer;
    outbox->drop_archived(std::make_shared<const pool::ArchiveSlice>(slice),
                          [&](Result<> done) { answer = done; });
    REQUIRE(answer.has_value());
    REQUIRE_FALSE(answer->has_value());
    CHECK(answer->error().what.find("mint number 7") != std::string::npos);
}

TEST_CASE_FIXTURE(ArchiveFixture, "an archive comes back whole, the newest first, and can leave again") {
    const auto first = write(kFirst + 5 * kDay);
    drop(first, 100);
    const std::string newer = dir.file("newer.archive");
    auto second = pool::write_archive(file, newer, kFirst + 8 * kDay, "tester", kFirst + 21 * kDay);
    REQUIRE(second);
    CHECK(second->at(0).first == 5);
    drop(*second, 100, 1000, newer);
    change([&](store::Database& db) {
        const auto refused = pool::restore_archive(db, to, "tester", 1);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().hint == "restore the newest archive first, each once");
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

TEST_CASE_FIXTURE(ArchiveFixture,
                  "what is answered, or answered again, after the copy stays and comes to no harm") {
    const auto parts = write(kFirst + 8 * kDay);
    change([](store::Database& db) {
        db.exec(
            "DELETE FROM dead WHERE seq = 3; INSERT INTO answer VALUES(3, 'late', 9);"
            "UPDATE answer SET quote_id = 'other' WHERE seq = 5");
    });
    drop(parts, 2);
    CHECK(number("SELECT count(*) FROM share WHERE seq IN (3, 5)") == 2);
    CHECK(number("SELECT count(*) FROM answer WHERE quote_id IN ('late', 'other')") == 2);
    CHECK(number("SELECT count(*) FROM share WHERE seq <= 7") == 2);
    CHECK(number("SELECT archived_rows FROM mint") == 5);
    CHECK(number("SELECT archived_low FROM mint") == 5);
    // Both keep their jobs, now and when more is archived.
    CHECK(number("SELECT count(*) FROM share WHERE job NOT IN (SELECT id FROM job)") == 0);
    const std::string newer = dir.file("newer.archive");
    const auto second = pool::write_archive(file, newer, kFirst + 30 * kDay, "tester", 1);
    REQUIRE(second);
    drop(*second, 100, 1000, newer);
    CHECK(number("SELECT count(*) FROM share WHERE job NOT IN (SELECT id FROM job)") == 0);
    change([&](store::Database& db) {
        REQUIRE(pool::restore_archive(db, newer, "tester", 1));
        const auto restored = pool::restore_archive(db, to, "tester", 1);
        REQUIRE_MESSAGE(restored, restored.error().what);
    });
    CHECK(number("SELECT count(*) FROM share") == 10);
    CHECK(number("SELECT count(*) FROM answer WHERE quote_id IN ('late', 'other')") == 2);
    CHECK(number("SELECT archived + archived_rows + archived_high + archived_low FROM mint") == 0);
}

TEST_CASE_FIXTURE(ArchiveFixture, "no row leaves that the archive does not have, with its job") {
    const auto parts = write(kFirst + 8 * kDay);
    const auto damage = [&](const char* sql) {
        sqlite3* db = nullptr;
        REQUIRE(sqlite3_open(to.c_str(), &db) == SQLITE_OK);
        CHECK(sqlite3_exec(db, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
        sqlite3_close(db);
    };
    damage(
        "DELETE FROM share WHERE seq = 2; UPDATE share SET worker = 'x' WHERE seq = 4;"
        "DELETE FROM job WHERE id = (SELECT job FROM share WHERE seq = 6)");
    drop(parts, 100);
    CHECK(number("SELECT count(*) FROM answer WHERE seq IN (2, 4, 6)") == 3);
    CHECK(number("SELECT count(*) FROM share WHERE seq <= 7") == 4);  // and 3, which is dead
    CHECK(number("SELECT archived_rows FROM mint") == 3);
    change([&](store::Database& db) {
        const auto refused = pool::restore_archive(db, to, "tester", 1);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().what.find("expected 6 rows of mint 0, got 5") != std::string::npos);
    });
    // Gone, or empty.
    auto slices = slices_of(parts, to);
    damage("DELETE FROM part");
    CHECK_FALSE(slices.next(100));
    change([&](store::Database& db) { CHECK_FALSE(pool::restore_archive(db, to, "tester", 1)); });
    std::filesystem::remove(to);
    CHECK_FALSE(slices.next(100));
}

TEST_CASE_FIXTURE(ArchiveFixture, "an archive whose rows' jobs are missing comes back without them") {
    change([](store::Database& db) { db.exec("DELETE FROM job WHERE id = 2"); });
    drop(write(kFirst + 8 * kDay), 100);
    CHECK(number("SELECT count(*) FROM share WHERE seq = 2") == 0);
    change([&](store::Database& db) {
        const auto restored = pool::restore_archive(db, to, "tester", 1);
        REQUIRE_MESSAGE(restored, restored.error().what);
    });
    CHECK(number("SELECT count(*) FROM share") == 10);
    CHECK(number("SELECT count(*) FROM share WHERE job IS NULL") == 1);
}

TEST_CASE_FIXTURE(ArchiveFixture, "a deletion that stopped half way comes back as well") {
    drop(write(kFirst + 8 * kDay), 2, 2);
    CHECK(number("SELECT archived FROM mint") == 5);
    change([&](store::Database& db) { REQUIRE(pool::restore_archive(db, to, "tester", 1)); });
    CHECK(number("SELECT count(*) FROM outbox WHERE state = 2") == 8);
    CHECK(number("SELECT archived + archived_rows + archived_low FROM mint") == 0);
    change([&](store::Database& db) { CHECK(pool::restore_archive(db, to, "tester", 1)); });  // nothing to do
}

TEST_CASE_FIXTURE(ArchiveFixture,
                  "one process at a time archives, and two files made at once are two files") {
    const auto first = pool::lock_archiving(file);
    REQUIRE(first);
    const auto second = pool::lock_archiving(file);
    REQUIRE_FALSE(second);
    CHECK(second.error().what.find("already in use") != std::string::npos);
    // Even without the lock: what another process is making is left alone, and what it has made is not
    // replaced.
    { std::ofstream{to + ".new"} << "another's"; }
    write(kFirst + 8 * kDay);
    CHECK(std::filesystem::file_size(to + ".new") == 9);
    CHECK(std::filesystem::hard_link_count(to) == 1);
}
