// SQLite for the driver, independent of lib/store: a checker must not share the bugs of what it checks.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/bytes.hpp"

struct sqlite3;

namespace hp::crash {

struct SqlError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// A connection without a database, which attaches files read-only and soon closes them again: an open file
/// would keep a restarted program from recovering it.
class Sql {
  public:
    Sql();
    ~Sql();
    Sql(const Sql&) = delete;
    Sql& operator=(const Sql&) = delete;
    void attach(const std::string& file, const char* name, bool writable = false);
    void exec(const std::string& sql);
    /// INSERT and the like with bytes for its parameters.
    void insert(const char* sql, std::initializer_list<ByteView> values);
    std::int64_t number(const std::string& sql);
    /// All rows, columns joined by a space; blobs in hex.
    std::vector<std::string> rows(const std::string& sql);

  private:
    sqlite3* db_{nullptr};
};

}  // namespace hp::crash
