#include "harness.hpp"

#include <sodium.h>
#include <sqlite3.h>

#include <stdexcept>
#include <utility>

namespace hp::crash {

Rows::Rows(sqlite3* db, const char* sql) : db_{db} {
    if (sqlite3_prepare_v2(db, sql, -1, &statement_, nullptr) != SQLITE_OK)
        throw std::runtime_error(std::string(sql) + ": " + sqlite3_errmsg(db));
}
Rows::~Rows() { sqlite3_finalize(statement_); }
bool Rows::next() {
    int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    throw std::runtime_error(std::string(sqlite3_sql(statement_)) + ": " + sqlite3_errmsg(db_));
}
std::int64_t Rows::integer(int column) const { return sqlite3_column_int64(statement_, column); }
std::string Rows::text(int column) const {
    auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
    return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
bool Rows::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

std::string check_invariants(sqlite3* db, std::span<const Invariant> invariants) {
    for (const Invariant& invariant : invariants)
        if (Rows rows{db, invariant.sql}; rows.next()) return invariant.broken;
    return {};
}

std::string check_file(const Subject& subject, const std::string& path, const Oracle& oracle, Check check) {
    sqlite3* db = nullptr;
    std::string wrong;
    // Writable, as a journal that a failed disk left must be rolled back before anybody can read.
    if (int code = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr); code != SQLITE_OK) {
        wrong = std::string("cannot be opened: ") + sqlite3_errstr(code);
    } else {
        sqlite3_busy_timeout(db, 10'000);
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        sqlite3_exec(db, "PRAGMA query_only=ON", nullptr, nullptr, nullptr);
        try {
            if (check == Check::rows_and_pages) {
                Rows verdict{db, "PRAGMA integrity_check(1)"};
                if (!verdict.next() || verdict.text(0) != "ok") wrong = "integrity_check: " + verdict.text(0);
            }
            if (wrong.empty()) wrong = subject.verify(db, oracle);
        } catch (const std::exception& error) {
            wrong = error.what();
        }
    }
    sqlite3_close(db);
    return wrong;
}

namespace {

// One stream at a time: while a cut is tried, everything else is paused.
std::mutex random_mutex;
Rng random_stream{0};

void fill(void* out, std::size_t size) {
    std::lock_guard lock{random_mutex};
    auto* bytes = static_cast<std::uint8_t*>(out);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(random_stream.next());
}
randombytes_implementation seeded{
    .implementation_name = [] { return "seeded"; },
    .random =
        [] {
            std::uint32_t value = 0;
            fill(&value, sizeof value);
            return value;
        },
    .stir = nullptr,
    .uniform = nullptr,
    .buf = fill,
    .close = [] { return 0; },
};

}  // namespace

void SeededRandom::install() {
    HP_ASSERT(randombytes_set_implementation(&seeded) == 0);
    HP_ASSERT(sodium_init() >= 0);
}

SeededRandom::SeededRandom(std::uint64_t seed) : before_{0} {
    std::lock_guard lock{random_mutex};
    before_ = std::exchange(random_stream, Rng{seed});
}

SeededRandom::~SeededRandom() {
    std::lock_guard lock{random_mutex};
    random_stream = before_;
}

}  // namespace hp::crash
