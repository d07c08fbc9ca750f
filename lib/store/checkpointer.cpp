#include "store/checkpointer.hpp"

#include <sqlite3.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/clock.hpp"
#include "base/crash_point.hpp"
#include "log/log.hpp"

namespace hp::store {
namespace {

/// Pages of the WAL, 4 KiB each: how many new ones trigger copying, and how long the WAL may become before
/// the writer waits for a full checkpoint, after which SQLite restarts it. After that its file is overwritten
/// in place, which is the cheapest kind of write.
#ifdef HP_CRASH_POINTS
constexpr int kCopyPages = 16, kLogPagesMax = 64;  // so that short test runs have some
#else
/// The disk writes the copied pages at once, and the WAL's next sync waits for them: copy few at a time.
constexpr int kCopyPages = 64, kLogPagesMax = 4096;
#endif
constexpr sqlite3_int64 kPageBytes = 4096, kLogBytes = sqlite3_int64{kLogPagesMax} * kPageBytes;

}  // namespace

struct Checkpointer::Impl {
    Impl(Database& db_, std::function<void(const DbError&)> on_error_)
        : db{db_}, on_error{std::move(on_error_)} {
        const int code =
            sqlite3_open_v2(db.path().c_str(), &reader, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
        if (code != SQLITE_OK) {
            log::warn("database '{}': no second connection ({}): checkpoints hold up commits",
                      printable(db.path()), sqlite3_errstr(code));
            sqlite3_close_v2(std::exchange(reader, nullptr));
            return;
        }
        lay_out_log();
        // A WAL that has grown because of a reader shrinks when it restarts.
        exec(db.handle(), ("PRAGMA journal_size_limit=" + std::to_string(kLogBytes)).c_str());
        sqlite3_extended_result_codes(reader, 1);
        sqlite3_db_config(reader, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        thread = std::thread{[this] { run(); }};
    }
    ~Impl() {
        {
            std::lock_guard lock{mutex};
            is_stopping = true;
        }
        changed.notify_all();
        HP_CRASH_STEP(wait, db.path());
        if (thread.joinable()) thread.join();
        // Before the writer's connection: the last one to close checkpoints.
        sqlite3_close_v2(reader);
    }

    void after_commit(int wal_pages) {
        log_pages = wal_pages;
        if (wal_pages < done_pages) {  // the WAL restarted
            done_pages = 0;
            held_since_ms = 0;
        }
        if (is_unsynced || wal_pages - done_pages < kCopyPages) return;
        if (wal_pages >= kLogPagesMax || !stand_in_log()) {
            checkpoint();
        } else if (copy()) {
            begin_sync();
        } else {
            leave_log();
        }
        // If a reader keeps some from being copied, retry with the next pages.
        done_pages = wal_pages;
    }

    /// Extends the WAL file to its full length. Syncing a growing file waits for the file system's journal,
    /// and so for the database's sync; syncing overwritten data does not. SQLite reads a WAL up to the first
    /// frame with a wrong checksum.
    void lay_out_log() {
        if (exec(db.handle(), "BEGIN IMMEDIATE") != SQLITE_OK) return;  // nobody else may append
        sqlite3_file* log = nullptr;
        sqlite3_file_control(db.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
        sqlite3_int64 size = 0;
        if (log && log->pMethods && log->pMethods->xFileSize(log, &size) == SQLITE_OK) grow(*log, size);
        exec(db.handle(), "ROLLBACK");
    }
    void grow(sqlite3_file& log, sqlite3_int64 size) {
        static constexpr std::array<char, 64 * 1024> kZeros{};
        for (sqlite3_int64 end = size; end < kLogBytes; end += kZeros.size())
            if (log.pMethods->xWrite(&log, kZeros.data(), kZeros.size(), end) != SQLITE_OK) {
                log.pMethods->xTruncate(&log, size);  // disk full: leave the rest for commits
                return;
            }
        if (log.pMethods->xSync(&log, SQLITE_SYNC_NORMAL) != SQLITE_OK)
            on_error(DbError{SQLITE_IOERR_FSYNC, "the sync of the log failed"});
    }

    bool stand_in_log() {
        if (!reader) return false;
        // BEGIN alone does not take a snapshot.
        if (exec(reader, "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1") == SQLITE_OK) return true;
        leave_log();
        return false;
    }
    void leave_log() {
        if (sqlite3_get_autocommit(reader) == 0) exec(reader, "ROLLBACK");
    }

    /// Without the sync that makes it durable.
    bool copy() {
        if (exec(db.handle(), "PRAGMA synchronous=OFF") != SQLITE_OK) return false;
        const bool is_copied = checkpoint();
        // Commits depend on it.
        if (exec(db.handle(), "PRAGMA synchronous=FULL") != SQLITE_OK)
            on_error(DbError{SQLITE_IOERR_FSYNC, "synchronous=FULL cannot be set again"});
        return is_copied;
    }

    /// Never waits for readers.
    bool checkpoint() {
        HP_CRASH_POINT("D1");
        int in_log = 0, copied = 0;
        const int code =
            sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &copied);
        HP_CRASH_POINT("D1");
        if (code == SQLITE_OK) {
            if (copied >= in_log)
                held_since_ms = 0;
            else if (held_since_ms == 0)
                held_since_ms = steady_ms_now();
            return true;
        }
        report(sqlite3_extended_errcode(db.handle()), sqlite3_errmsg(db.handle()));
        return false;
    }

    void report(int code, const char* what) {
        const DbError error{code, what};
        log::warn("database '{}': checkpoint: {}", printable(db.path()), error.what());
        on_error(error);
    }

    void begin_sync() {
        HP_CRASH_STEP(hand_over, db.path());
        {
            std::lock_guard lock{mutex};
            is_unsynced = true;
        }
        changed.notify_all();
        HP_CRASH_STEP(handed_over, db.path());
    }

    /// Only this thread uses the reader's connection. False: the sync failed, and the reader stays in the
    /// log. is_unsynced does not tell: once it is cleared, the writer may set it again before this returns.
    bool finish() {
        sqlite3_file* file = nullptr;
        sqlite3_file_control(reader, "main", SQLITE_FCNTL_FILE_POINTER, &file);
        const int code = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
        HP_CRASH_POINT("D1");
        if (code != SQLITE_OK) {
            // Keep the reader in the WAL, and with it everything that the database may lack.
            report(code == SQLITE_IOERR ? SQLITE_IOERR_FSYNC : code, "the sync of the database failed");
            return false;
        }
        leave_log();
        is_unsynced = false;
        return true;
    }

    static int exec(sqlite3* connection, const char* sql) {
        return sqlite3_exec(connection, sql, nullptr, nullptr, nullptr);
    }

    void run() {
        std::unique_lock lock{mutex};
        while (true) {
            changed.wait(lock, [this] { return is_unsynced || is_stopping; });
            if (!is_unsynced) return;
            lock.unlock();
            HP_CRASH_STEP(begin, db.path());
            const bool is_synced = finish();
            HP_CRASH_STEP(end, db.path());
            lock.lock();
            if (!is_synced) return;
        }
    }
    std::mutex mutex;
    std::condition_variable changed;
    std::thread thread;
    bool is_stopping{false};

    Database& db;
    std::function<void(const DbError&)> on_error;
    sqlite3* reader{nullptr};  // used by the writer's thread until is_unsynced is set, then by the other
                               // until it is cleared
    std::atomic<bool> is_unsynced{false};
    std::atomic<int> log_pages{0};
    std::atomic<SteadyMs> held_since_ms{0};
    int done_pages{0};  // of the WAL that were already copied at the last check
};

Checkpointer::Checkpointer(Database& db, std::function<void(const DbError&)> on_error)
    : impl_{std::make_unique<Impl>(db, std::move(on_error))} {}
Checkpointer::~Checkpointer() = default;

void Checkpointer::after_commit(int wal_pages) { impl_->after_commit(wal_pages); }

LogState Checkpointer::log_state() const {
    const SteadyMs since_ms = impl_->held_since_ms;
    return {static_cast<std::uint64_t>(impl_->log_pages) * kPageBytes,
            since_ms == 0 ? 0 : std::max<SteadyMs>(1, steady_ms_now() - since_ms)};
}

}  // namespace hp::store
