#include "store/writer.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/crash_point.hpp"
#include "log/log.hpp"
#include "store/checkpointer.hpp"

namespace hp::store {

namespace {

constexpr std::size_t kGroupMax = 4096;
/// How long work that nobody waits for may wait for a group to join.
constexpr auto kUnhurried = std::chrono::milliseconds{20};

struct Item {
    Writer::Job job;
    Writer::Done done;
    Result<> result{};
};
using Group = std::vector<Item>;

/// The database and its WAL, as found by name. If one of them is deleted or replaced, we have a file without
/// a name: what is committed there is lost with the process.
class Names {
  public:
    explicit Names(const std::string& path) : paths_{path, path + "-wal"}, at_start_{look()} {}
    bool changed() const {
        const auto now = look();
        for (std::size_t i = 0; i < now.size(); ++i)
            if (at_start_[i] && now[i] != at_start_[i]) return true;
        return false;
    }

  private:
    using Identity = std::optional<std::pair<dev_t, ino_t>>;
    std::array<Identity, 2> look() const {
        std::array<Identity, 2> out;
        for (std::size_t i = 0; i < out.size(); ++i) {
            struct stat info {};
            if (::stat(paths_[i].c_str(), &info) == 0) out[i].emplace(info.st_dev, info.st_ino);
        }
        return out;
    }
    std::array<std::string, 2> paths_;
    std::array<Identity, 2> at_start_;
};

}  // namespace

struct Writer::Impl {
    Impl(Database db_, Post post_, TransactionObserver* observer_)
        : db{std::move(db_)}, post{std::move(post_)}, observer{observer_} {
        // Also turns off SQLite's own checkpoints, which run inside COMMIT.
        sqlite3_wal_hook(
            db.handle(),
            [](void* self, sqlite3*, const char*, int pages) {
                static_cast<Impl*>(self)->wal_pages = pages;
                return SQLITE_OK;
            },
            this);
        checkpointer.emplace(db, [this](const DbError& error) { note(error); });
        names.emplace(db.path());
        thread = std::thread{[this] { run(); }};
    }

    ~Impl() {
        {
            std::lock_guard lock{mutex};
            stopping = true;
        }
        work.notify_one();
        thread.join();
        checkpointer.reset();
        // The WAL may be the only intact part: SQLite must not copy and delete it on close.
        if (dead) sqlite3_db_config(db.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    }

    void run() {
        while (true) {
            auto group = std::make_shared<Group>();
            {
                std::unique_lock lock{mutex};
                wait_for_work(lock);
                if (queue.empty()) return;
                is_urgent = queue.size() > kGroupMax;
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
            finish_group();
            // After a commit, never inside one: a checkpoint costs two more fsyncs.
            if (!dead) checkpointer->after_commit(wal_pages);
        }
    }

    void wait_for_work(std::unique_lock<std::mutex>& lock) {
        auto is_due = [this] { return is_urgent || stopping; };
        work.wait(lock, [&] { return is_due() || !queue.empty(); });
        if (!is_due()) work.wait_for(lock, kUnhurried, is_due);
    }

    void submit(Item item, bool is_hurried) {
        bool wakes;
        {
            std::lock_guard lock{mutex};
            wakes = is_hurried ? !is_urgent : queue.empty();
            is_urgent |= is_hurried;
            queue.push_back(std::move(item));
        }
        if (wakes) work.notify_one();
    }

    void finish_group() {
        std::lock_guard lock{mutex};
        in_work = 0;
        if (queue.empty()) drained.notify_all();
    }

    void write(Group& group) {
        try {
            write_together(group);
            return;
        } catch (const DbError& error) {
            note(error);
            if (group.size() == 1 || dead) return give_all(group, to_error(error));
        }
        // A job failed, or COMMIT did: run again, each job separately.
        try {
            write_apart(group);
        } catch (const DbError& error) {
            note(error);
            give_all(group, to_error(error));
        }
    }

    void write_together(Group& group) {
        Step step{observer};
        Transaction transaction{db};
        for (Item& item : group) item.job(db);
        finish(transaction, step);
    }

    void write_apart(Group& group) {
        Step step{observer};
        Transaction transaction{db};
        for (Item& item : group) {
            db.exec("SAVEPOINT job");
            if (observer) observer->job_begins();
            try {
                item.job(db);
                db.reset_statements();
                item.result = {};
            } catch (const DbError& error) {
                // Disk full and I/O errors may end the whole transaction; then earlier jobs are undone too.
                if (sqlite3_get_autocommit(db.handle())) throw;
                item.result = fail(to_error(error));
                db.reset_statements();
                db.exec("ROLLBACK TO job");
                if (observer) observer->undo_job();
            }
            db.exec("RELEASE job");
        }
        finish(transaction, step);
    }

    /// The observer's part in a transaction, undone with it.
    struct Step {
        TransactionObserver* observer;
        bool is_committed{false};
        ~Step() {
            if (observer && !is_committed) observer->undo_all();
        }
    };

    void finish(Transaction& transaction, Step& step) {
        if (observer) observer->before_commit(db);
        db.reset_statements();
        transaction.commit();
        if (names->changed()) throw DbError{SQLITE_READONLY_DBMOVED, "its file or its WAL has another name"};
        step.is_committed = true;
        if (observer) observer->committed();
    }

    static void give_all(Group& group, const Error& error) {
        for (Item& item : group) item.result = fail(error);
    }

    /// After a failed fsync the kernel may have dropped the pages and a second fsync would succeed without
    /// them: this handle must not report success any more. Likewise if its files have lost their names.
    void note(const DbError& error) {
        const bool is_moved = error.code == SQLITE_READONLY_DBMOVED;
        if (!is_moved && !error.is_fsync_failure()) return;
        if (is_moved) moved = true;
        if (!dead.exchange(true)) log::error("{}", dead_error().what);
    }
    Error dead_error() const {
        const std::string name = "database '" + printable(db.path(), 4096) + "': ";
        if (moved)
            return {Errc::io, name + "it or its -wal was deleted or replaced while in use; no more writes",
                    "restart the program, and check the databases with hp-audit"};
        return {Errc::io, name + "an fsync failed; no more writes",
                "check the disk, then restart the program; it recovers what is on disk"};
    }
    Error to_error(const DbError& error) const {
        if (dead) return dead_error();
        return {Errc::io, "database '" + printable(db.path(), 4096) + "': " + error.what(), {}};
    }

    Database db;
    Post post;
    TransactionObserver* observer;
    int wal_pages{0};  // in the WAL after the last commit
    std::atomic<bool> dead{false};
    std::atomic<bool> moved{false};
    std::optional<Names> names;
    mutable std::mutex mutex;
    std::condition_variable work, drained;
    std::deque<Item> queue;
    std::size_t in_work{0};
    bool is_urgent{false};  // a caller waits for something in the queue
    bool stopping{false};
    std::thread thread;
    std::optional<Checkpointer> checkpointer;
};

Writer::Writer(Database db, Post post, TransactionObserver* observer)
    : impl_{std::make_unique<Impl>(std::move(db), std::move(post), observer)} {}
Writer::~Writer() = default;

void Writer::submit(Job job, Done done) { impl_->submit({std::move(job), std::move(done)}, true); }
void Writer::submit_unhurried(Job job, Done done) { impl_->submit({std::move(job), std::move(done)}, false); }

std::size_t Writer::backlog() const {
    std::lock_guard lock{impl_->mutex};
    return impl_->queue.size() + impl_->in_work;
}

LogState Writer::log_state() const { return impl_->checkpointer->log_state(); }

void Writer::drain() {
    std::unique_lock lock{impl_->mutex};
    if (!impl_->queue.empty()) impl_->is_urgent = true;
    impl_->work.notify_one();
    impl_->drained.wait(lock, [this] { return impl_->queue.empty() && impl_->in_work == 0; });
}

bool Writer::is_dead() const { return impl_->dead; }

}  // namespace hp::store
