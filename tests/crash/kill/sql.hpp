// SQLite for the driver, apart from lib/store: what checks must not share the mistakes of what is checked.
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

/// A connection to nothing, which attaches files read-only and closes them again soon: an open file would
/// keep a restarted program from recovering it as it must.
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
