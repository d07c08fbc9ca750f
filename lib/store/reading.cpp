#include "store/reading.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

namespace hp::store {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

bool is_same(const struct stat& a, const struct stat& b) {
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
           a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

/// Bytes 18 and 19 of the header: 2 is write-ahead logging. By SQLite's descriptor, see open.cpp.
bool is_in_wal_mode(const std::string& path) {
    std::uint8_t version[2]{};
    sqlite3* db = nullptr;
    sqlite3_file* file = nullptr;
    const bool is_read = sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK &&
                         sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
                         file->pMethods && file->pMethods->xRead(file, version, 2, 18) == SQLITE_OK;
    sqlite3_close(db);
    return is_read && version[0] == 2 && version[1] == 2;
}

/// A temporary directory, removed afterwards. SQLite keeps the files open, so their names may go first.
struct TemporaryFolder {
    std::string path = (fs::temp_directory_path() / "hp-reading-XXXXXX").string();
    TemporaryFolder() {
        if (!::mkdtemp(path.data())) path.clear();
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!path.empty()) fs::remove_all(path, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

/// Opening it for writing rolls the journal back.
bool roll_back(const std::string& path) {
    sqlite3* db = nullptr;
    bool done =
        sqlite3_open_v2(path.c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK &&
        sqlite3_exec(db, "SELECT count(*) FROM sqlite_schema", nullptr, nullptr, nullptr) == SQLITE_OK;
    return sqlite3_close(db) == SQLITE_OK && done;
}

void begin(Database& db) {
    db.exec("BEGIN");
    // The snapshot is taken at the first read, not by BEGIN.
    auto first = db.prepare("SELECT count(*) FROM sqlite_schema");
    first.step();
}

}  // namespace

Result<Reading> Reading::open(const std::string& path, std::int32_t application_id,
                              std::size_t schema_version) {
    // The scripts belong to the owner: a reader needs only their number.
    const std::vector<const char*> schema(schema_version, "");
    auto try_open = [&](const std::string& name, Mode mode) -> Result<Reading> {
        HP_TRY(auto db, Database::open(name, mode, Journal::wal, application_id, schema));
        try {
            begin(db);
        } catch (const DbError& error) {
            return fail(Errc::io, "database '" + printable(name, 4096) + "': " + error.what());
        }
        return Reading{std::move(db)};
    };
    struct stat before {};
    if (::stat(path.c_str(), &before) == 0 && !exists(path + "-wal") && is_in_wal_mode(path)) {
        auto frozen = try_open(path, Mode::frozen);
        if (frozen) {
            frozen->frozen_path_ = path;
            frozen->frozen_as_ = before;
        }
        return frozen;
    }
    auto opened = try_open(path, Mode::read_only);
    struct stat journal {};
    std::string journal_path = path + "-journal";
    if (opened || ::stat(journal_path.c_str(), &journal) != 0 || journal.st_size == 0) return opened;

    TemporaryFolder folder;
    std::string copy = folder.path + "/copy.db";
    std::error_code first, second;
    if (folder.path.empty()) return opened;
    fs::copy_file(path, copy, first);
    fs::copy_file(journal_path, copy + "-journal", second);
    struct stat after {
    }, journal_after{};
    bool is_as_it_was = ::stat(path.c_str(), &after) == 0 && is_same(before, after) &&
                        ::stat(journal_path.c_str(), &journal_after) == 0 && is_same(journal, journal_after);
    // Another process has come and rolled it back itself.
    if (!is_as_it_was) return try_open(path, Mode::read_only);
    if (first || second || !roll_back(copy)) return opened;
    return try_open(copy, Mode::read_only);
}

void Reading::release() { db_.exec("COMMIT"); }

void Reading::renew() {
    if (!sqlite3_get_autocommit(db_.handle())) release();
    begin(db_);
}

bool Reading::is_disturbed() const {
    if (frozen_path_.empty()) return false;
    struct stat now {};
    return exists(frozen_path_ + "-wal") || ::stat(frozen_path_.c_str(), &now) != 0 ||
           !is_same(frozen_as_, now);
}

}  // namespace hp::store
