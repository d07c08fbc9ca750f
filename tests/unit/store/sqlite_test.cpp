// Statements and transactions.
#include "store/sqlite.hpp"

#include <array>

#include "temp_dir.hpp"

using namespace hp;
using namespace hp::store;

namespace {

constexpr std::array kSchema{
    "CREATE TABLE parent (id INTEGER PRIMARY KEY);"
    "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c BLOB UNIQUE,"
    "                parent INTEGER REFERENCES parent(id), CHECK (a >= 0))"};

struct Fixture {
    test::TempDir dir;
    Database db = open();
    Database open() {
        auto opened = Database::open(dir.file("t.db"), Mode::create, Journal::rollback, 1, kSchema);
        REQUIRE_MESSAGE(opened, opened.error().what);
        return *std::move(opened);
    }
    std::int64_t rows() {
        auto count = db.prepare("SELECT count(*) FROM t");
        REQUIRE(count.step());
        return count.integer(0);
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "every kind of value comes back as it went in") {
    auto insert = db.prepare("INSERT INTO t (a, b, c) VALUES (?, ?, ?)");
    Bytes blob{0, 1, 0, 255};
    CHECK(insert.bind(std::uint64_t{INT64_MAX}, "nul \0 inside", blob).run() == 1);
    CHECK(insert.bind(1, std::string_view{"a\0b", 3}, Bytes{}).run() == 1);
    CHECK(insert.bind(nullptr, std::optional<std::string>{}, std::optional<Bytes32>{Bytes32{9}}).run() == 1);
    CHECK(db.last_insert_id() == 3);

    auto select = db.prepare("SELECT a, b, c FROM t ORDER BY id");
    REQUIRE(select.step());
    CHECK(select.integer(0) == INT64_MAX);
    CHECK(select.text(1) == "nul ");
    CHECK(select.blob(2) == blob);
    REQUIRE(select.step());
    CHECK(select.text(1) == std::string("a\0b", 3));
    CHECK_FALSE(select.is_null(2));  // an empty BLOB is not NULL
    CHECK(select.blob(2).empty());
    REQUIRE(select.step());
    CHECK(select.is_null(0));
    CHECK(select.is_null(1));
    CHECK(select.array<32>(2) == Bytes32{9});
    CHECK_FALSE(select.step());
}

TEST_CASE_FIXTURE(Fixture, "a row that exists is an answer, any other constraint throws") {
    auto insert = db.prepare("INSERT INTO t (id, a, c, parent) VALUES (?, ?, ?, ?)");
    CHECK(insert.bind(1, 1, Bytes{1}, nullptr).run_unless_exists());
    CHECK_FALSE(insert.bind(1, 1, Bytes{2}, nullptr).run_unless_exists());  // same id
    CHECK_FALSE(insert.bind(2, 1, Bytes{1}, nullptr).run_unless_exists());  // same c
    CHECK_THROWS_AS(insert.bind(3, -1, Bytes{3}, nullptr).run_unless_exists(), DbError);
    CHECK_THROWS_AS(insert.bind(3, 1, Bytes{3}, 42).run_unless_exists(), DbError);  // no such parent
    CHECK(insert.bind(4, 1, Bytes{4}, nullptr).run_unless_exists());                // usable after errors
    CHECK(rows() == 2);
}

TEST_CASE_FIXTURE(Fixture, "a transaction that is not committed leaves nothing") {
    {
        Transaction transaction{db};
        db.exec("INSERT INTO t (a) VALUES (1)");
    }
    CHECK(rows() == 0);
    {
        Transaction transaction{db};
        db.exec("INSERT INTO t (a) VALUES (1)");
        transaction.commit();
    }
    CHECK(rows() == 1);
}

TEST_CASE_FIXTURE(Fixture, "statements move, and outlive the database object") {
    auto insert = db.prepare("INSERT INTO t (a) VALUES (?)");
    Statement other = std::move(insert);
    other.bind(5).run();
    other = db.prepare("SELECT a FROM t");
    { Database gone = std::move(db); }
    REQUIRE(other.step());
    CHECK(other.integer(0) == 5);
}
