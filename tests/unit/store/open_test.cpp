// Opening a database: what is created, what is refused, and how schemas move forward.
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <fstream>
#include <sstream>

#include "store/sqlite.hpp"
#include "temp_dir.hpp"

using namespace hp;
using namespace hp::store;
using hp::test::TempDir;

namespace {

constexpr std::int32_t kId = 0x48505431;
constexpr std::array kSchema1{"CREATE TABLE share (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE)"};
constexpr std::array kSchema2{kSchema1[0], "ALTER TABLE share ADD COLUMN amount INTEGER NOT NULL DEFAULT 7"};

Result<Database> open_wal(const std::string& path, Mode mode = Mode::create,
                          std::span<const char* const> schema = kSchema1) {
    return Database::open(path, mode, Journal::wal, kId, schema);
}

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::int64_t single(Database& db, const char* sql) {
    auto statement = db.prepare(sql);
    REQUIRE(statement.step());
    return statement.integer(0);
}

}  // namespace

TEST_CASE("a new database is private, durable and marked as ours") {
    TempDir dir;
    auto path = dir.file("pool.db");
    auto db = open_wal(path);
    REQUIRE_MESSAGE(db, db.error().what);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(single(*db, "PRAGMA application_id") == kId);
    CHECK(single(*db, "PRAGMA user_version") == 1);
    CHECK(single(*db, "PRAGMA synchronous") == 2);
    CHECK(single(*db, "PRAGMA foreign_keys") == 1);
    CHECK(single(*db, "PRAGMA trusted_schema") == 0);
    auto mode = db->prepare("PRAGMA journal_mode");
    REQUIRE(mode.step());
    CHECK(mode.text(0) == "wal");
    for (auto& entry : std::filesystem::directory_iterator(dir.file(".")))
        CHECK_FALSE(has(entry.path().string(), ".new"));
}

TEST_CASE("the rollback journal syncs the directory too and lets processes take turns") {
    TempDir dir;
    auto path = dir.file("wallet.db");
    auto first = Database::open(path, Mode::create, Journal::rollback, kId, kSchema1);
    REQUIRE_MESSAGE(first, first.error().what);
    auto second = Database::open(path, Mode::existing, Journal::rollback, kId, kSchema1);
    REQUIRE_MESSAGE(second, second.error().what);
    CHECK(single(*first, "PRAGMA synchronous") == 3);
    first->prepare("INSERT INTO share VALUES (1, x'01')").run();
    second->prepare("INSERT INTO share VALUES (2, x'02')").run();
    CHECK(single(*first, "SELECT count(*) FROM share") == 2);
}

TEST_CASE("AC_256 a database in use is refused to a second process by a kernel lock") {
    TempDir dir;
    auto path = dir.file("pool.db");
    auto first = open_wal(path);
    REQUIRE(first);
    auto second = open_wal(path);
    REQUIRE_FALSE(second);
    CHECK(second.error().code == Errc::io);
    CHECK(has(second.error().what, "is already in use by another process"));

    SUBCASE("by another name too") {
        std::filesystem::create_symlink(path, dir.file("alias.db"));
        auto alias = open_wal(dir.file("alias.db"));
        REQUIRE_FALSE(alias);
        CHECK(has(alias.error().what, "already in use"));
    }
    SUBCASE("reading beside the writer is allowed") {
        first->prepare("INSERT INTO share VALUES (1, x'01')").run();
        auto reader = open_wal(path, Mode::read_only);
        REQUIRE_MESSAGE(reader, reader.error().what);
        CHECK(single(*reader, "SELECT count(*) FROM share") == 1);
        CHECK_THROWS_AS(reader->exec("DELETE FROM share"), DbError);
    }
    SUBCASE("the lock goes with the database") {
        { Database gone = *std::move(first); }
        CHECK(open_wal(path));
    }
}

TEST_CASE("a missing database is created only where that is asked for") {
    TempDir dir;
    for (Mode mode : {Mode::existing, Mode::read_only}) {
        auto db = open_wal(dir.file("none.db"), mode);
        REQUIRE_FALSE(db);
        CHECK(has(db.error().what, "does not exist"));
        CHECK_FALSE(std::filesystem::exists(dir.file("none.db")));
    }
    auto nowhere = open_wal(dir.file("no/such/dir.db"));
    REQUIRE_FALSE(nowhere);
    CHECK(has(nowhere.error().what, "there is no directory"));
    auto directory = open_wal(dir.file(""));
    CHECK_FALSE(directory);
}

TEST_CASE("AC_257 damage is refused with a hint and never replaced by an empty ledger") {
    TempDir dir;
    auto path = dir.file("pool.db");
    std::string damaged;
    {
        auto db = open_wal(path);
        REQUIRE(db);
        for (int i = 0; i < 2000; ++i) {
            ByteArray<32> hash{};
            put_le(hash.data(), i * 7919);
            db->prepare("INSERT INTO share (hash) VALUES (?)").bind(hash).run();
        }
    }
    std::string whole = content(path);
    SUBCASE("cut to 0 bytes") {}
    SUBCASE("another kind of file") { damaged = "this is a text file, not a database at all"; }
    SUBCASE("header zeroed") {
        damaged = whole;
        std::fill(damaged.begin(), damaged.begin() + 100, '\0');
    }
    SUBCASE("a page overwritten") {
        damaged = whole;
        std::fill(damaged.begin() + 8192, damaged.begin() + 12288, '\x5a');
    }
    SUBCASE("cut in the middle") { damaged = whole.substr(0, whole.size() / 2); }
    write_file(path, damaged);
    for (Mode mode : {Mode::create, Mode::existing}) {
        auto db = open_wal(path, mode);
        REQUIRE_FALSE(db);
        CAPTURE(db.error().what);
        CHECK(db.error().code == Errc::io);
        CHECK(has(db.error().what, "pool.db"));
        CHECK_FALSE(db.error().hint.empty());
        CHECK(content(path).size() == damaged.size());
    }
}

TEST_CASE("a write-ahead log without its database is not overwritten") {
    TempDir dir;
    write_file(dir.file("pool.db-wal"), "left over");
    auto db = open_wal(dir.file("pool.db"));
    REQUIRE_FALSE(db);
    CHECK(has(db.error().what, "is missing, but its -wal file is there"));
    CHECK_FALSE(std::filesystem::exists(dir.file("pool.db")));
}

TEST_CASE("another program's database is refused") {
    TempDir dir;
    auto path = dir.file("mint.db");
    { REQUIRE(Database::open(path, Mode::create, Journal::wal, kId + 1, kSchema1)); }
    auto db = open_wal(path, Mode::existing);
    REQUIRE_FALSE(db);
    CHECK(has(db.error().what, "belongs to another program"));
}

TEST_CASE("an older schema is backed up, then migrated") {
    TempDir dir;
    auto path = dir.file("pool.db");
    {
        auto db = open_wal(path);
        REQUIRE(db);
        db->prepare("INSERT INTO share VALUES (1, x'0102')").run();
    }
    {
        auto reader = open_wal(path, Mode::read_only, kSchema2);
        REQUIRE_FALSE(reader);
        CHECK(has(reader.error().what, "older schema"));
    }
    {
        auto db = open_wal(path, Mode::existing, kSchema2);
        REQUIRE_MESSAGE(db, db.error().what);
        CHECK(single(*db, "PRAGMA user_version") == 2);
        CHECK(single(*db, "SELECT amount FROM share") == 7);
    }
    auto backup = open_wal(path + ".backup-v1", Mode::existing);
    REQUIRE_MESSAGE(backup, backup.error().what);
    CHECK(single(*backup, "PRAGMA user_version") == 1);
    CHECK(single(*backup, "SELECT count(*) FROM share") == 1);
    struct stat info {};
    REQUIRE(::stat((path + ".backup-v1").c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);

    auto old_program = open_wal(path, Mode::existing);
    REQUIRE_FALSE(old_program);
    CHECK(has(old_program.error().what, "newer program (schema 2, this program knows 1)"));
}

TEST_CASE("a migration that fails leaves the old schema") {
    TempDir dir;
    auto path = dir.file("pool.db");
    { REQUIRE(open_wal(path)); }
    std::array broken{kSchema1[0], "CREATE TABLE extra (id INTEGER); INSERT INTO nowhere VALUES (1)"};
    auto db = open_wal(path, Mode::existing, broken);
    REQUIRE_FALSE(db);
    auto again = open_wal(path, Mode::existing);
    REQUIRE_MESSAGE(again, again.error().what);
    CHECK(single(*again, "SELECT count(*) FROM sqlite_schema WHERE name = 'extra'") == 0);
}

TEST_CASE("a new database whose schema fails leaves nothing") {
    TempDir dir;
    std::array broken{"CREATE TABLE t (id INTEGER); INSERT INTO nowhere VALUES (1)"};
    CHECK_FALSE(open_wal(dir.file("pool.db"), Mode::create, broken));
    CHECK_FALSE(std::filesystem::exists(dir.file("pool.db")));
    CHECK(open_wal(dir.file("pool.db")));
}
