#include "store/writer.hpp"

#include <sqlite3.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "base/crash_point.hpp"
#include "log/log.hpp"

namespace hp::store {

namespace {

constexpr std::size_t kGroupMax = 4096;
/// Pages in the WAL (4 KiB each) from which it is copied into the database: early when nobody waits, late
/// under load. After a commit, never inside one: a checkpoint is two more fsyncs.
#ifdef HP_CRASH_POINTS
constexpr int kIdleCheckpointPages = 16;  // a short life sees some
#else
constexpr int kIdleCheckpointPages = 256;
#endif
constexpr int kBusyCheckpointPages = 4096;

struct Item {
    Writer::Job job;
    Writer::Done done;
    Result<> result{};
};
using Group = std::vector<Item>;

}  // namespace

struct Writer::Impl {
    Impl(Database db_, Post post_) : db{std::move(db_)}, post{std::move(post_)} {
        // Also switches SQLite's own checkpoints, which run inside of COMMIT, off.
        sqlite3_wal_hook(
            db.handle(),
            [](void* self, sqlite3*, const char*, int pages) {
                static_cast<Impl*>(self)->wal_pages = pages;
                return SQLITE_OK;
            },
            this);
        thread = std::thread{[this] { run(); }};
    }

    ~Impl() {
        {
            std::lock_guard lock{mutex};
            stopping = true;
        }
        work.notify_one();
        thread.join();
    }

    void run() {
        while (true) {
            auto group = std::make_shared<Group>();
            {
                std::unique_lock lock{mutex};
                work.wait(lock, [this] { return !queue.empty() || stopping; });
                if (queue.empty()) return;
                std::size_t count = std::min(queue.size(), kGroupMax);
                auto end = queue.begin() + static_cast<std::ptrdiff_t>(count);
                group->assign(std::make_move_iterator(queue.begin()), std::make_move_iterator(end));
                queue.erase(queue.begin(), end);
                in_work = count;
            }
            if (dead)
                give_all(*group, dead_error());
            else
                write(*group);
            post([group] {
                for (Item& item : *group)
                    if (item.done) item.done(std::move(item.result));
            });
            group.reset();
            bool is_idle = finish_group();
            if (wal_pages < left_pages) left_pages = 0;  // the WAL began anew
            int fresh_pages = wal_pages - left_pages;
            if (!dead && fresh_pages >= (is_idle ? kIdleCheckpointPages : kBusyCheckpointPages)) checkpoint();
        }
    }

    /// Whether nothing waits.
    bool finish_group() {
        std::lock_guard lock{mutex};
        in_work = 0;
        if (!queue.empty()) return false;
        drained.notify_all();
        return true;
    }

    void write(Group& group) {
        try {
            write_together(group);
            return;
        } catch (const DbError& error) {
            note(error);
            if (group.size() == 1 || dead) return give_all(group, to_error(error));
        }
        // Some job failed, or COMMIT did: once more, each job on its own.
        try {
            write_apart(group);
        } catch (const DbError& error) {
            note(error);
            give_all(group, to_error(error));
        }
    }

    void write_together(Group& group) {
        Transaction transaction{db};
        for (Item& item : group) item.job(db);
        db.reset_statements();
        transaction.commit();
    }

    void write_apart(Group& group) {
        Transaction transaction{db};
        for (Item& item : group) {
            db.exec("SAVEPOINT job");
            try {
                item.job(db);
                db.reset_statements();
                item.result = {};
            } catch (const DbError& error) {
                // Disk full and I/O errors may end the whole transaction; then nothing before counts either.
                if (sqlite3_get_autocommit(db.handle())) throw;
                item.result = fail(to_error(error));
                db.reset_statements();
                db.exec("ROLLBACK TO job");
            }
            db.exec("RELEASE job");
        }
        transaction.commit();
    }

    static void give_all(Group& group, const Error& error) {
        for (Item& item : group) item.result = fail(error);
    }

    void checkpoint() {
        // Passive: it never waits for readers; what they still need stays for the next time.
        int in_wal = 0;
        int copied = 0;
        HP_CRASH_POINT("D1");
        int code =
            sqlite3_wal_checkpoint_v2(db.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_wal, &copied);
        HP_CRASH_POINT("D1");
        left_pages = copied < in_wal ? in_wal : 0;
        if (left_pages == 0) wal_pages = 0;
        if (code == SQLITE_OK) return;
        DbError error{sqlite3_extended_errcode(db.handle()), sqlite3_errmsg(db.handle())};
        log::warn("database '{}': checkpoint: {}", printable(db.path()), error.what());
        note(error);
    }

    /// After a failed fsync the kernel may have dropped the pages and a second fsync would succeed without
    /// them: this handle must not call anything good any more.
    void note(const DbError& error) {
        if (!error.is_fsync_failure() || dead.exchange(true)) return;
        log::error("{}", dead_error().what);
    }
    Error dead_error() const {
        return {Errc::io,
                "database '" + printable(db.path(), 4096) + "': an fsync failed; nothing more is written",
                "check the disk, then start the program again; it recovers what is on disk"};
    }
    Error to_error(const DbError& error) const {
        if (dead) return dead_error();
        return {Errc::io, "database '" + printable(db.path(), 4096) + "': " + error.what(), {}};
    }

    Database db;
    Post post;
    int wal_pages{0};   // in the WAL after the last commit
    int left_pages{0};  // of them there when a reader last kept a checkpoint from finishing
    std::atomic<bool> dead{false};
    mutable std::mutex mutex;
    std::condition_variable work, drained;
    std::deque<Item> queue;
    std::size_t in_work{0};
    bool stopping{false};
    std::thread thread;
};

Writer::Writer(Database db, Post post) : impl_{std::make_unique<Impl>(std::move(db), std::move(post))} {}
Writer::~Writer() = default;

void Writer::submit(Job job, Done done) {
    bool was_empty;
    {
        std::lock_guard lock{impl_->mutex};
        was_empty = impl_->queue.empty();
        impl_->queue.push_back({std::move(job), std::move(done)});
    }
    if (was_empty) impl_->work.notify_one();
}

std::size_t Writer::backlog() const {
    std::lock_guard lock{impl_->mutex};
    return impl_->queue.size() + impl_->in_work;
}

void Writer::drain() {
    std::unique_lock lock{impl_->mutex};
    impl_->drained.wait(lock, [this] { return impl_->queue.empty() && impl_->in_work == 0; });
}

bool Writer::is_dead() const { return impl_->dead; }

}  // namespace hp::store
