// Database::open: what a path may hold, locks, pragmas, migrations.
//
// Never open a database's file directly here: closing any descriptor of a file drops all POSIX locks of the
// process on it, including SQLite's. Without them another program that reads the database takes itself for
// the last one when it closes, and deletes the WAL that we write.
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/crash_point.hpp"
#include "log/log.hpp"
#include "store/sqlite.hpp"

namespace hp::store {

namespace {

constexpr int kBusyTimeoutMs = 10'000;
/// The structure check at start reads every page; above this size it would delay a restart by seconds.
constexpr std::uintmax_t kQuickCheckBytesMax = 256u << 20;
#ifdef HP_CRASH_POINTS
constexpr int kBackupPages = 4;  // so that small databases have several steps
#else
constexpr int kBackupPages = 256;
#endif
constexpr const char* kRestoreHint = "keep the file for recovery, and restore the last backup";

std::string in_quotes(const std::string& path) { return "'" + printable(path, 4096) + "'"; }

Error io_error(const std::string& what, int number) {
    return {Errc::io, what + ": " + std::strerror(number), {}};
}

Error db_error(const std::string& path, const DbError& error) {
    return {Errc::io, "database " + in_quotes(path) + ": " + error.what(),
            error.is_damage() ? kRestoreHint : ""};
}

/// The path with its links resolved: one file, one lock, whatever its name.
Result<std::string> real_path(const std::string& path) {
    namespace fs = std::filesystem;
    std::error_code error;
    // Absolute first: weakly_canonical does not make a relative path absolute if it does not exist.
    fs::path real = fs::weakly_canonical(fs::absolute(path), error);
    if (error) return fail(Errc::io, "cannot open database " + in_quotes(path) + ": " + error.message());
    if (!fs::is_directory(real.parent_path(), error))
        return fail(Errc::io, "cannot open database " + in_quotes(path) + ": there is no directory " +
                                  in_quotes(real.parent_path().string()));
    return real.string();
}

/// SQLite's term for a file that nobody writes: it is read as is, without locks, -wal or -shm.
std::string immutable_uri(const std::string& path) {
    std::string uri = "file:";
    for (char c : path) {
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                        c == '/' || c == '.' || c == '-' || c == '_';
        uri += is_plain ? std::string{c} : "%" + to_hex(as_bytes({&c, 1}));
    }
    return uri + "?immutable=1";
}

/// SQLite's own descriptor of the database.
sqlite3_file& file_of(sqlite3* db) {
    sqlite3_file* file = nullptr;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    HP_ASSERT(file && file->pMethods);
    return *file;
}

/// Only for files that no connection has open.
Result<> sync_path(const std::string& path) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return fail(io_error("cannot open " + in_quotes(path), errno));
    bool ok = ::fsync(fd) == 0;
    int number = errno;
    ::close(fd);
    if (!ok) return fail(io_error("cannot sync " + in_quotes(path), number));
    return {};
}

Result<> sync_directory_of(const std::string& path) {
    return sync_path(std::filesystem::path{path}.parent_path().string());
}

/// Rewrites a file in place and syncs it: after a failed fsync the kernel may consider pages clean that are
/// only in memory, and a second fsync would not write them. 0 or errno.
int write_again(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (fd < 0) return errno;
    Bytes buffer(1 << 20);
    off_t at = 0;
    ssize_t got;
    errno = 0;
    while ((got = ::pread(fd, buffer.data(), buffer.size(), at)) > 0) {
        const ssize_t written = ::pwrite(fd, buffer.data(), static_cast<std::size_t>(got), at);
        if (written <= 0) break;
        at += written;
    }
    const int number = got == 0 && ::fsync(fd) == 0 ? 0 : errno ? errno : EIO;
    ::close(fd);
    return number;
}

Result<> create_empty(const std::string& path) {
    int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) return fail(io_error("cannot create " + in_quotes(path), errno));
    ::close(fd);
    return {};
}

}  // namespace

/// One call of Database::open.
class Opening {
  public:
    Opening(std::string path, Mode mode, Journal journal, std::int32_t application_id,
            std::span<const char* const> schema)
        : path_{std::move(path)},
          mode_{mode},
          journal_{journal},
          application_id_{application_id},
          schema_{schema} {}

    Result<Database> run() {
        // Lock first: nothing below may look at a file that another process is writing.
        if (journal_ == Journal::wal && is_writer()) HP_DO(lock());
        HP_TRY(bool exists, check_file());
        if (!exists) HP_DO(create());
        try {
            connect(path_);
            HP_DO(check_magic());
            HP_DO(check_identity());
            if (is_writer()) {
                set_journal();
                HP_DO(check_structure());
                if (journal_ == Journal::wal) HP_DO(empty_the_log());
                HP_DO(migrate());
            }
        } catch (const DbError& error) {
            return fail(db_error(path_, error));
        }
        db_.path_ = path_;
        return std::move(db_);
    }

  private:
    bool is_writer() const { return mode_ == Mode::create || mode_ == Mode::existing; }

    Result<> lock() {
        HP_TRY(db_.lock_, FileLock::take(path_ + ".lock", "database " + in_quotes(path_)));
        return {};
    }

    /// Whether there is a file; an error if it cannot be our database.
    Result<bool> check_file() {
        struct stat info {};
        if (::stat(path_.c_str(), &info) != 0) {
            if (errno != ENOENT) return fail(io_error("cannot open database " + in_quotes(path_), errno));
            if (::access((path_ + "-wal").c_str(), F_OK) == 0)
                return fail(Errc::io,
                            "database " + in_quotes(path_) + " is missing, but its -wal file is there",
                            kRestoreHint);
            if (mode_ == Mode::create) return false;
            return fail(Errc::io, "database " + in_quotes(path_) + " does not exist",
                        "check the path; nothing was created");
        }
        if (!S_ISREG(info.st_mode))
            return fail(Errc::io, "database " + in_quotes(path_) + " is not a regular file");
        if (info.st_size == 0)
            return fail(Errc::io, "database " + in_quotes(path_) + " is empty (0 bytes)", kRestoreHint);
        if (::access(path_.c_str(), is_writer() ? R_OK | W_OK : R_OK) != 0)
            return fail(io_error("cannot open database " + in_quotes(path_), errno));
        return true;
    }

    Result<> check_magic() {
        char magic[16]{};
        auto& file = file_of(db_.db_);
        if (file.pMethods->xRead(&file, magic, sizeof magic, 0) != SQLITE_OK ||
            std::memcmp(magic, "SQLite format 3", sizeof magic) != 0)
            return fail(Errc::io, in_quotes(path_) + " is not a database", kRestoreHint);
        return {};
    }

    /// Creates the whole database under a temporary name and then links it to its path: a crash leaves no
    /// partial file, and if two processes create it at once, one wins.
    Result<> create() {
        std::string making = path_ + ".new-" + std::to_string(::getpid());
        ::unlink(making.c_str());  // left by an earlier process with our pid
        HP_DO(create_empty(making));
        auto made = make_whole(making);
        if (made && ::link(making.c_str(), path_.c_str()) != 0 && errno != EEXIST)
            made = fail(io_error("cannot create database " + in_quotes(path_), errno));
        ::unlink(making.c_str());
        HP_DO(made);
        return sync_directory_of(path_);
    }

    Result<> make_whole(const std::string& making) {
        try {
            connect(making);
            db_.exec(("PRAGMA application_id=" + std::to_string(application_id_)).c_str());
            for (std::size_t version = 0; version < schema_.size(); ++version) run_script(version);
        } catch (const DbError& error) {
            close();
            return fail(db_error(path_, error));
        }
        close();
        return sync_path(making);
    }

    void connect(const std::string& path) {
        close();
        bool is_frozen = mode_ == Mode::frozen;
        int flags = is_writer() ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
        if (is_frozen) flags |= SQLITE_OPEN_URI;
        // None of our connections is used by two threads at a time: a mutex in each call would be useless.
        int code = sqlite3_open_v2((is_frozen ? immutable_uri(path) : path).c_str(), &db_.db_,
                                   flags | SQLITE_OPEN_NOMUTEX, nullptr);
        if (code != SQLITE_OK) {
            DbError error{code, db_.db_ ? sqlite3_errmsg(db_.db_) : sqlite3_errstr(code)};
            close();
            throw error;
        }
        sqlite3_extended_result_codes(db_.db_, 1);
        sqlite3_busy_timeout(db_.db_, kBusyTimeoutMs);
        sqlite3_db_config(db_.db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
        sqlite3_db_config(db_.db_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
        if (!is_writer()) sqlite3_db_config(db_.db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        db_.exec("PRAGMA foreign_keys=ON; PRAGMA cell_size_check=ON");
    }

    void close() {
        sqlite3_close_v2(db_.db_);
        db_.db_ = nullptr;
    }

    std::int64_t pragma(const char* sql) {
        auto statement = db_.prepare(sql);
        HP_ASSERT(statement.step());
        return statement.integer(0);
    }

    Result<> check_identity() {
        std::int64_t id = pragma("PRAGMA application_id");
        if (id != application_id_)
            return fail(Errc::io,
                        "database " + in_quotes(path_) + " belongs to another program (application id " +
                            std::to_string(id) + ", expected " + std::to_string(application_id_) + ")",
                        "check the path");
        std::int64_t version = pragma("PRAGMA user_version");
        auto ours = static_cast<std::int64_t>(schema_.size());
        std::string versions =
            "schema " + std::to_string(version) + ", this program knows " + std::to_string(ours);
        if (version > ours || version < 0)
            return fail(Errc::io,
                        "database " + in_quotes(path_) + " was written by a newer program (" + versions + ")",
                        "install the newer version, or restore the backup made before its migration");
        if (version < ours && !is_writer())
            return fail(Errc::io, "database " + in_quotes(path_) + " has an older schema (" + versions + ")",
                        "start the program that owns it once; it migrates by itself");
        return {};
    }

    void set_journal() {
        if (journal_ == Journal::wal) {
            auto mode = db_.prepare("PRAGMA journal_mode=WAL");
            if (!mode.step() || mode.text(0) != "wal")
                throw DbError(SQLITE_ERROR, "the file system does not support a write-ahead log");
            mode.reset();
            // A commit is on disk when it returns. The Writer checkpoints outside of commits; this limit is
            // for code that writes without one.
            db_.exec(
                "PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=4000; PRAGMA "
                "journal_size_limit=67108864; PRAGMA secure_delete=OFF");
        } else {
            db_.exec("PRAGMA journal_mode=TRUNCATE; PRAGMA synchronous=EXTRA");
        }
    }

    /// A WAL left by an earlier process may be complete only in the page cache: if a failed fsync ended that
    /// process, it lost pages that can still be read until the next power cut. Commits after such a hole
    /// would be lost with it, so rewrite the WAL, and start from an empty one.
    Result<> empty_the_log() {
        const std::string wal = path_ + "-wal";
        std::error_code no_size;
        if (std::filesystem::file_size(wal, no_size) > 0 && !no_size) {
            const int number = write_again(wal);
            if (number == ENOSPC)
                log::warn("database {}: no space to write the log of the last run again", in_quotes(path_));
            else if (number != 0)
                return fail(io_error("cannot write " + in_quotes(wal) + " again", number));
        }
        // Sync pages that a killed process had copied (Checkpointer): a surviving reader keeps the record
        // that they are already copied.
        auto& file = file_of(db_.db_);
        if (file.pMethods->xSync(&file, SQLITE_SYNC_NORMAL) != SQLITE_OK)
            return fail(io_error("cannot sync " + in_quotes(path_), errno));
        auto checkpoint = db_.prepare("PRAGMA wal_checkpoint(TRUNCATE)");
        try {
            if (checkpoint.step() && checkpoint.integer(0) != 0)
                log::warn("database {}: a reader keeps the log of the last run in use", in_quotes(path_));
            checkpoint.reset();
        } catch (const DbError& error) {
            // A pool on a full disk must still start: blocks do not wait for space.
            if ((error.code & 0xff) != SQLITE_FULL) throw;
            log::warn("database {}: {}; the log of the last run stays", in_quotes(path_), error.what());
        }
        // SQLite leaves the sync to the next commit. Until then a power cut could bring back the old WAL,
        // with its hole, over the newer database.
        if (::access(wal.c_str(), F_OK) != 0) return {};
        return sync_path(wal);
    }

    Result<> check_structure() {
        std::error_code error;
        if (std::filesystem::file_size(path_, error) > kQuickCheckBytesMax) {
            log::info("database {}: too large for the structure check at start", in_quotes(path_));
            return {};
        }
        auto check = db_.prepare("PRAGMA quick_check(1)");
        HP_ASSERT(check.step());
        if (std::string verdict = check.text(0); verdict != "ok")
            return fail(Errc::io, "database " + in_quotes(path_) + " is damaged: " + printable(verdict),
                        kRestoreHint);
        return {};
    }

    Result<> migrate() {
        auto version = static_cast<std::size_t>(pragma("PRAGMA user_version"));
        if (version >= schema_.size()) return {};
        HP_DO(back_up(version));
        // A script may recreate a table that others refer to; the references are checked afterwards.
        db_.exec("PRAGMA foreign_keys=OFF");
        for (; version < schema_.size(); ++version) run_script(version);
        db_.exec("PRAGMA foreign_keys=ON");
        log::info("database {}: schema is now {}", in_quotes(path_), schema_.size());
        return {};
    }

    void run_script(std::size_t version) {
        Transaction transaction{db_};
        // Another process may have been faster (Journal::rollback).
        if (static_cast<std::size_t>(pragma("PRAGMA user_version")) != version) return;
        db_.exec(schema_[version]);
        HP_CRASH_POINT("D2");
        db_.exec(("PRAGMA user_version=" + std::to_string(version + 1)).c_str());
        if (auto broken = db_.prepare("PRAGMA foreign_key_check"); broken.step())
            throw DbError(SQLITE_CONSTRAINT_FOREIGNKEY,
                          "the migration left a reference of table '" + broken.text(0) + "' without its row");
        transaction.commit();
        HP_CRASH_POINT("D2");
    }

    Result<> back_up(std::size_t version) {
        std::string name = path_ + ".backup-v" + std::to_string(version);
        std::string making = name + ".new";
        ::unlink(making.c_str());
        HP_DO(create_empty(making));
        sqlite3* copy = nullptr;
        int code = sqlite3_open_v2(making.c_str(), &copy, SQLITE_OPEN_READWRITE, nullptr);
        if (code == SQLITE_OK) {
            if (auto* backup = sqlite3_backup_init(copy, "main", db_.db_, "main")) {
                int step;
                while ((step = sqlite3_backup_step(backup, kBackupPages)) == SQLITE_OK) HP_CRASH_POINT("D3");
                code = sqlite3_backup_finish(backup);
                // A locked page is not an error for finish(), but the copy is incomplete.
                if (code == SQLITE_OK && step != SQLITE_DONE) code = step;
            } else {
                code = sqlite3_errcode(copy);
            }
        }
        std::string why = sqlite3_errstr(code);
        if (int closed = sqlite3_close(copy); code == SQLITE_OK) code = closed;
        if (code != SQLITE_OK) {
            ::unlink(making.c_str());
            return fail(Errc::io,
                        "cannot back up database " + in_quotes(path_) + " before its migration: " + why,
                        "free some disk space; nothing was changed");
        }
        HP_DO(sync_path(making));
        if (::rename(making.c_str(), name.c_str()) != 0)
            return fail(io_error("cannot write " + in_quotes(name), errno));
        log::info("database {}: backed up to {} before its migration", in_quotes(path_), in_quotes(name));
        return sync_directory_of(path_);
    }

    std::string path_;
    Mode mode_;
    Journal journal_;
    std::int32_t application_id_;
    std::span<const char* const> schema_;
    Database db_;
};

Result<Database> Database::open(const std::string& path, Mode mode, Journal journal,
                                std::int32_t application_id, std::span<const char* const> schema) {
    // Counting allocations for statistics that nobody reads takes a process-wide lock.
    static const int configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    HP_ASSERT(configured == SQLITE_OK || configured == SQLITE_MISUSE);  // already in use: someone else's
                                                                        // choice
    HP_ASSERT(application_id != 0);
    HP_TRY(std::string real, real_path(path));
    return Opening{std::move(real), mode, journal, application_id, schema}.run();
}

}  // namespace hp::store
