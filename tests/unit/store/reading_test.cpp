#include "store/reading.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include "temp_dir.hpp"

using namespace hp;
using store::Database;
using store::Reading;

namespace {

namespace fs = std::filesystem;

constexpr std::int32_t kId = 0x48505445;
constexpr const char* kSchema[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY, x BLOB) STRICT"};

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Everything in a directory, except SQLite's shared memory, which is not data.
std::map<std::string, std::string> contents(const test::TempDir& dir) {
    std::map<std::string, std::string> out;
    for (const auto& entry : fs::directory_iterator(fs::path{dir.file("")}))
        if (!entry.path().string().ends_with("-shm")) out[entry.path().filename()] = content(entry.path());
    return out;
}

Database create(const std::string& path, store::Journal journal) {
    auto db = Database::open(path, store::Mode::create, journal, kId, kSchema);
    REQUIRE(db);
    db->exec("INSERT INTO t(x) VALUES(x'01'), (x'02')");
    return *std::move(db);
}

std::int64_t rows(Reading& reading) {
    auto row = reading.db().prepare("SELECT count(*) FROM t");
    REQUIRE(row.step());
    return row.integer(0);
}

void copy(const test::TempDir& from, const test::TempDir& to, std::initializer_list<const char*> names) {
    for (const char* name : names) fs::copy_file(from.file(name), to.file(name));
}

}  // namespace

TEST_CASE("reading beside a writer: a snapshot stays what it is until it is renewed") {
    test::TempDir dir;
    Database writer = create(dir.file("a.db"), store::Journal::wal);
    auto reading = Reading::open(dir.file("a.db"), kId, 1);
    REQUIRE(reading);
    CHECK(rows(*reading) == 2);
    writer.exec("INSERT INTO t(x) VALUES(x'03')");
    CHECK(rows(*reading) == 2);
    CHECK_FALSE(reading->is_disturbed());
    reading->renew();
    CHECK(rows(*reading) == 3);
    reading->release();
    reading->renew();
    CHECK(rows(*reading) == 3);
}

TEST_CASE("reading cannot write") {
    test::TempDir dir;
    Database writer = create(dir.file("a.db"), store::Journal::wal);
    auto reading = Reading::open(dir.file("a.db"), kId, 1);
    REQUIRE(reading);
    CHECK_THROWS_AS(reading->db().exec("DELETE FROM t"), store::DbError);
    CHECK(rows(*reading) == 2);
}

TEST_CASE("a database that was closed well is read without any file beside it") {
    test::TempDir dir;
    (void)create(dir.file("a b%?.db"), store::Journal::wal);
    auto before = contents(dir);
    {
        auto reading = Reading::open(dir.file("a b%?.db"), kId, 1);
        REQUIRE(reading);
        CHECK(rows(*reading) == 2);
        CHECK_FALSE(reading->is_disturbed());
        CHECK_FALSE(fs::exists(dir.file("a b%?.db-shm")));
        CHECK_FALSE(fs::exists(dir.file("a b%?.db-wal")));
    }
    CHECK(contents(dir) == before);
}

TEST_CASE("whoever opens such a database while it is read disturbs the reading") {
    test::TempDir dir;
    (void)create(dir.file("a.db"), store::Journal::wal);
    auto reading = Reading::open(dir.file("a.db"), kId, 1);
    REQUIRE(reading);
    {
        Database writer = create(dir.file("a.db"), store::Journal::wal);
        CHECK(reading->is_disturbed());
    }
    // The -wal has gone again; the file itself has changed.
    CHECK_FALSE(fs::exists(dir.file("a.db-wal")));
    CHECK(reading->is_disturbed());
    auto again = Reading::open(dir.file("a.db"), kId, 1);
    REQUIRE(again);
    CHECK_FALSE(again->is_disturbed());
    CHECK(rows(*again) == 4);
}

TEST_CASE("a -wal that a killed process left is read, and stays as it is") {
    test::TempDir live, dead;
    Database writer = create(live.file("a.db"), store::Journal::wal);
    copy(live, dead, {"a.db", "a.db-wal"});
    REQUIRE(fs::file_size(dead.file("a.db-wal")) > 0);
    auto before = contents(dead);
    for (int i = 0; i < 2; ++i) {
        auto reading = Reading::open(dead.file("a.db"), kId, 1);
        REQUIRE(reading);
        CHECK(rows(*reading) == 2);
    }
    CHECK(contents(dead) == before);
}

TEST_CASE("a transaction that a killed process left in a rollback journal counts as never made") {
    test::TempDir live, dead;
    Database writer = create(live.file("a.db"), store::Journal::rollback);
    writer.exec("PRAGMA cache_size=4; BEGIN IMMEDIATE");
    auto insert = writer.prepare("INSERT INTO t(x) VALUES(zeroblob(4000))");
    for (int i = 0; i < 100; ++i) insert.run();
    writer.exec("UPDATE t SET x = x'ff' WHERE id = 1");
    copy(live, dead, {"a.db", "a.db-journal"});
    writer.exec("ROLLBACK");
    auto before = contents(dead);
    REQUIRE(before.at("a.db").size() > 100'000);
    std::set<std::string> temporary_before, temporary;
    auto list = [](std::set<std::string>& out) {
        for (const auto& entry : fs::directory_iterator(fs::temp_directory_path()))
            if (entry.path().filename().string().starts_with("hp-reading-")) out.insert(entry.path());
    };
    list(temporary_before);
    {
        auto reading = Reading::open(dead.file("a.db"), kId, 1);
        REQUIRE(reading);
        CHECK(rows(*reading) == 2);
        // The copy has lost its name already: nothing stays when we are killed.
        list(temporary);
        CHECK(temporary == temporary_before);
        reading->renew();
        CHECK(rows(*reading) == 2);
    }
    CHECK(contents(dead) == before);
}

TEST_CASE("what is no database of that kind is refused, and nothing is made") {
    test::TempDir dir;
    (void)create(dir.file("a.db"), store::Journal::wal);
    auto what = [](const Result<Reading>& reading) { return reading ? "" : reading.error().what; };
    CHECK(what(Reading::open(dir.file("none.db"), kId, 1)).find("does not exist") != std::string::npos);
    CHECK_FALSE(fs::exists(dir.file("none.db")));
    CHECK(what(Reading::open(dir.file("a.db"), kId + 1, 1)).find("another program") != std::string::npos);
    CHECK(what(Reading::open(dir.file("a.db"), kId, 2)).find("older schema") != std::string::npos);
    auto db = Database::open(dir.file("a.db"), store::Mode::existing, store::Journal::wal, kId, kSchema);
    REQUIRE(db);
    db->exec("PRAGMA user_version=2");
    CHECK(what(Reading::open(dir.file("a.db"), kId, 1)).find("newer program") != std::string::npos);
}
