#include "crash/kill/sql.hpp"

#include <sqlite3.h>

namespace hp::crash {
namespace {

constexpr int kBusyMs = 10'000;

void check(sqlite3* db, int code, const std::string& what) {
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        throw SqlError(std::string(sqlite3_errmsg(db)) + " in: " + what);
}

struct Prepared {
    Prepared(sqlite3* db_, const std::string& sql) : db{db_}, text{sql} {
        check(db, sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr), sql);
    }
    ~Prepared() { sqlite3_finalize(statement); }
    bool step() {
        int code = sqlite3_step(statement);
        check(db, code, text);
        return code == SQLITE_ROW;
    }
    sqlite3* db;
    std::string text;
    sqlite3_stmt* statement{nullptr};
};

}  // namespace

Sql::Sql() {
    check(nullptr,
          sqlite3_open_v2(":memory:", &db_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI,
                          nullptr),
          "open");
    sqlite3_busy_timeout(db_, kBusyMs);
}
Sql::~Sql() { sqlite3_close_v2(db_); }

void Sql::attach(const std::string& file, const char* name, bool writable) {
    exec("ATTACH 'file:" + file + (writable ? "?mode=rw' AS " : "?mode=ro' AS ") + name);
}

void Sql::exec(const std::string& sql) {
    check(db_, sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), sql);
}

void Sql::insert(const char* sql, std::initializer_list<ByteView> values) {
    Prepared row{db_, sql};
    int index = 0;
    for (ByteView value : values)
        check(db_,
              sqlite3_bind_blob(row.statement, ++index, value.data(), static_cast<int>(value.size()),
                                SQLITE_TRANSIENT),
              sql);
    row.step();
}

std::int64_t Sql::number(const std::string& sql) {
    Prepared row{db_, sql};
    return row.step() ? sqlite3_column_int64(row.statement, 0) : 0;
}

std::vector<std::string> Sql::rows(const std::string& sql) {
    std::vector<std::string> out;
    Prepared row{db_, sql};
    while (row.step()) {
        std::string line;
        for (int i = 0; i < sqlite3_column_count(row.statement); ++i) {
            if (i) line += ' ';
            auto size = static_cast<std::size_t>(sqlite3_column_bytes(row.statement, i));
            if (sqlite3_column_type(row.statement, i) == SQLITE_BLOB) {
                auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(row.statement, i));
                line += to_hex({data, size});
            } else if (auto* text = sqlite3_column_text(row.statement, i)) {
                line.append(reinterpret_cast<const char*>(text), size);
            } else {
                line += "NULL";
            }
        }
        out.push_back(line);
    }
    return out;
}

}  // namespace hp::crash
