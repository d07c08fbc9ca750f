// A database as an earlier version left it, from tests/data.
#pragma once
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <fstream>
#include <sstream>
#include <string>

namespace hp::test {

inline void make_old_database(const std::string& path, const std::string& name) {
    std::ifstream file{std::string(HP_SOURCE_DIR "/tests/data/") + name};
    REQUIRE_MESSAGE(file, name);
    std::stringstream sql;
    sql << file.rdbuf();
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
    const int code = sqlite3_exec(db, sql.str().c_str(), nullptr, nullptr, nullptr);
    REQUIRE_MESSAGE(code == SQLITE_OK, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/// The first column of the first row; what runs beside it is not disturbed.
inline std::string text_in(const std::string& path, const char* sql) {
    sqlite3* db = nullptr;
    REQUIRE(sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
    sqlite3_stmt* row = nullptr;
    REQUIRE_MESSAGE(sqlite3_prepare_v2(db, sql, -1, &row, nullptr) == SQLITE_OK, sqlite3_errmsg(db));
    REQUIRE(sqlite3_step(row) == SQLITE_ROW);
    const std::string value = reinterpret_cast<const char*>(sqlite3_column_text(row, 0));
    sqlite3_finalize(row);
    sqlite3_close(db);
    return value;
}
inline std::int64_t number_in(const std::string& path, const char* sql) {
    return std::stoll(text_in(path, sql));
}

}  // namespace hp::test
