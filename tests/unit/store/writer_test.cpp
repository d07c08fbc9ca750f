// The group-committing writer: order, durability, isolation of failures, dead disks.
#include "store/writer.hpp"

#include <sqlite3.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstring>
#include <future>
#include <map>
#include <mutex>

#include "store/log_watch.hpp"
#include "temp_dir.hpp"

using namespace hp;
using namespace hp::store;

namespace {

constexpr std::array kSchema{
    "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER CHECK (v >= 0));"
    "CREATE TABLE big (bytes BLOB)"};

Database open(const std::string& path, Mode mode = Mode::create) {
    auto db = Database::open(path, mode, Journal::wal, 1, kSchema);
    REQUIRE_MESSAGE(db, db.error().what);
    return *std::move(db);
}

std::int64_t rows(const std::string& path) {
    auto db = open(path, Mode::read_only);
    auto count = db.prepare("SELECT count(*) FROM t");
    REQUIRE(count.step());
    return count.integer(0);
}

Writer::Job insert(int id, int value = 1) {
    return [id, value](Database& db) { db.prepare("INSERT INTO t VALUES (?, ?)").bind(id, value).run(); };
}

/// Runs completions on the writer's thread; counts the posts.
struct Inline {
    std::atomic<int> posts{0};
    Writer::Post post() {
        return [this](std::function<void()> call) {
            ++posts;
            call();
        };
    }
};

/// Holds the writer inside a job until it is told to go on, so that what follows queues into one group.
struct Gate {
    std::promise<void> entered, go_on;
    std::shared_future<void> released{go_on.get_future().share()};
    void close(Writer& writer) {
        writer.submit(
            [this](Database&) {
                entered.set_value();
                released.wait();
            },
            {});
        entered.get_future().wait();
    }
    void open() { go_on.set_value(); }
};

/// A VFS over the system's whose writes and syncs can be made to fail.
struct FaultyDisk {
    static inline std::atomic<bool> fail_sync{false}, fail_database_sync{false}, is_full{false};
    static inline sqlite3_vfs* real = nullptr;
    static inline const sqlite3_io_methods* real_methods = nullptr;
    /// The system's VFS has one table for databases and one for their logs, with the same xSync and xWrite.
    static inline std::map<const sqlite3_io_methods*, sqlite3_io_methods> tables{};
    static inline sqlite3_vfs vfs{};

    static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
        int code = real->xOpen(real, name, file, flags, out);
        if (code == SQLITE_OK && file->pMethods) {
            real_methods = file->pMethods;
            auto [entry, is_new] = tables.emplace(file->pMethods, *file->pMethods);
            sqlite3_io_methods& methods = entry->second;
            methods.xSync = [](sqlite3_file* f, int sync_flags) {
                return fail_sync ? SQLITE_IOERR_FSYNC : real_methods->xSync(f, sync_flags);
            };
            if (flags & SQLITE_OPEN_MAIN_DB)
                methods.xSync = [](sqlite3_file* f, int sync_flags) {
                    return fail_sync || fail_database_sync ? SQLITE_IOERR_FSYNC
                                                           : real_methods->xSync(f, sync_flags);
                };
            methods.xWrite = [](sqlite3_file* f, const void* data, int size, sqlite3_int64 at) {
                return is_full ? SQLITE_FULL : real_methods->xWrite(f, data, size, at);
            };
            file->pMethods = &methods;
        }
        return code;
    }
    FaultyDisk() {
        real = sqlite3_vfs_find(nullptr);
        vfs = *real;
        vfs.zName = "faulty";
        vfs.xOpen = open;
        REQUIRE(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
    }
    ~FaultyDisk() {
        fail_sync = fail_database_sync = is_full = false;
        sqlite3_vfs_register(real, 1);
        sqlite3_vfs_unregister(&vfs);
    }
};

}  // namespace

TEST_CASE("completions come in order, one post a group, and only when the row is on disk") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    Inline owner;
    Writer writer{open(path), owner.post()};
    Gate gate;
    gate.close(writer);
    std::vector<int> order;
    constexpr int kJobs = 1000;
    for (int i = 0; i < kJobs; ++i)
        writer.submit(insert(i), [&, i](Result<> result) {
            REQUIRE(result);
            if (i == 0) CHECK(rows(path) == kJobs);  // another connection sees the whole group already
            order.push_back(i);
        });
    CHECK(writer.backlog() == kJobs + 1);
    gate.open();
    writer.drain();
    CHECK(writer.backlog() == 0);
    REQUIRE(order.size() == kJobs);
    CHECK(std::is_sorted(order.begin(), order.end()));
    CHECK(owner.posts == 2);  // the gate's group and ours
}

TEST_CASE("a failing job fails alone; its group's other jobs are stored once") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    Inline owner;
    Writer writer{open(path), owner.post()};
    Gate gate;
    gate.close(writer);
    std::vector<bool> good;
    auto note = [&](Result<> result) { good.push_back(result.has_value()); };
    writer.submit(insert(1), note);
    writer.submit(insert(2, -1), note);  // CHECK fails
    writer.submit(
        [](Database& db) {
            insert(3)(db);
            throw DbError(SQLITE_ERROR, "our own refusal");
        },
        note);
    writer.submit(insert(4), note);
    writer.submit(insert(1), note);  // exists
    gate.open();
    writer.drain();
    CHECK(good == std::vector<bool>{true, false, false, true, false});
    CHECK(rows(path) == 2);
}

TEST_CASE("a statement left in the middle of its rows does not disturb later groups") {
    test::TempDir dir;
    Inline owner;
    Writer writer{open(dir.file("t.db")), owner.post()};
    auto half_read = std::make_shared<Statement>();
    int failures = 0;
    auto note = [&](Result<> result) { failures += !result; };
    writer.submit(insert(1), note);
    writer.submit(insert(2), note);
    writer.submit(
        [half_read](Database& db) {
            *half_read = db.prepare("SELECT id FROM t");
            HP_ASSERT(half_read->step());
        },
        note);
    writer.drain();
    for (int i = 0; i < 20; ++i) {
        for (int k = 0; k < 100; ++k)
            writer.submit([](Database& db) { db.exec("INSERT INTO big VALUES (randomblob(3500))"); }, note);
        writer.drain();
    }
    CHECK(failures == 0);
    // Was copied back.
    CHECK(std::filesystem::file_size(dir.file("t.db")) > 2'000'000);
}

TEST_CASE("the log begins anew instead of growing, and a reader only puts that off") {
    test::TempDir dir;
    const auto path = dir.file("t.db");
    Inline owner;
    Writer writer{open(path), owner.post()};
    int failures = 0;
    auto write_pages = [&](int pages) {
        for (int i = 0; i < pages; i += 100) {
            for (int k = 0; k < 100; ++k)
                writer.submit([](Database& db) { db.exec("INSERT INTO big VALUES (randomblob(3500))"); },
                              [&](Result<> result) { failures += !result; });
            writer.drain();
        }
    };
    auto log_size = [&] { return std::filesystem::file_size(path + "-wal"); };
    constexpr std::uintmax_t kLogMax = (4096 + 600) * 4096;
    write_pages(9'000);
    CHECK(log_size() < kLogMax);
    CHECK(writer.log_state().held_ms == 0);
    LogWatch watch{"x.db", kLogMax};
    CHECK(watch.look(writer.log_state()).empty());
    {
        auto reader = open(path, Mode::read_only);
        reader.exec("BEGIN");
        auto row = reader.prepare("SELECT count(*) FROM big");
        REQUIRE(row.step());
        write_pages(5'000);
        CHECK(log_size() > kLogMax);
        const auto state = writer.log_state();
        CHECK(state.bytes > kLogMax);
        CHECK(state.held_ms > 0);
        // Once, however often it is asked.
        CHECK(watch.look(state).find("held by a reader") != std::string::npos);
        CHECK(watch.look(state).empty());
    }
    // The file gets its length back too.
    write_pages(5'000);
    CHECK(writer.log_state().held_ms == 0);
    CHECK(log_size() < kLogMax);
    write_pages(5'000);
    CHECK(log_size() < kLogMax);
    CHECK(failures == 0);
}

TEST_CASE("an episode of a long log ends at half of the limit; 0 is no limit") {
    LogWatch watch{"x.db", 100 << 20};
    auto look = [&](std::uint64_t mib) { return !watch.look({mib << 20, 0}).empty(); };
    CHECK_FALSE(look(99));
    CHECK(look(100));
    CHECK_FALSE(look(60));
    CHECK_FALSE(look(100));
    CHECK_FALSE(look(50));
    CHECK(look(120));
    LogWatch none{"x.db", 0};
    CHECK(none.look({std::uint64_t{1} << 40, 0}).empty());
}

TEST_CASE("work that nobody waits for goes with the next group, alone after a while, and at a drain") {
    test::TempDir dir;
    const auto path = dir.file("t.db");
    Inline owner;
    {
        Writer writer{open(path), owner.post()};
        std::vector<int> order;
        auto note = [&](int id) {
            return [&order, id](Result<> result) { order.push_back(result ? id : -id); };
        };
        writer.submit_unhurried(insert(1), note(1));
        writer.submit(insert(2), note(2));
        writer.drain();
        CHECK(order == std::vector<int>{1, 2});
        CHECK(owner.posts == 1);
        std::promise<void> alone;
        writer.submit_unhurried(insert(3), [&](Result<>) { alone.set_value(); });
        CHECK(alone.get_future().wait_for(std::chrono::seconds{10}) == std::future_status::ready);
        for (int i = 10; i < 200; ++i) {
            writer.submit_unhurried(insert(i), note(i));
            writer.drain();
        }
        CHECK(order.size() == 192);
        CHECK(order.back() == 199);
        writer.submit_unhurried(insert(200), {});
    }
    CHECK(rows(path) == 194);
}

namespace {

/// Counts what is committed, beside the database.
struct Counter : Writer::TransactionObserver {
    int value{0}, before_job{0}, saved{0};
    bool is_failing{false};
    std::vector<std::string> calls;
    void before_commit(Database& db) override {
        if (is_failing) throw DbError(SQLITE_FULL, "the observer's own");
        db.exec("INSERT INTO big VALUES (x'00')");
    }
    void committed() override { saved = value; }
    void undo_all() override { value = saved; }
    void job_begins() override { before_job = value; }
    void undo_job() override { value = before_job; }
};

}  // namespace

TEST_CASE("a observer is in step with what is committed") {
    test::TempDir dir;
    const auto path = dir.file("t.db");
    Inline owner;
    Counter counter;
    Writer writer{open(path), owner.post(), &counter};
    auto count = [&](int id, int amount = 1) {
        return [&, id, amount](Database& db) {
            ++counter.value;
            insert(id, amount)(db);
        };
    };
    {
        Gate gate;
        gate.close(writer);
        writer.submit(count(1), {});
        writer.submit(count(2, -1), {});  // CHECK fails
        writer.submit(count(3), {});
        gate.open();
        writer.drain();
    }
    CHECK(counter.value == 2);
    CHECK(counter.saved == 2);
    CHECK(rows(path) == 2);
    counter.is_failing = true;
    int failed = 0;
    for (int id : {4, 5}) writer.submit(count(id), [&](Result<> result) { failed += !result; });
    writer.drain();
    counter.is_failing = false;
    CHECK(failed == 2);
    CHECK(counter.value == 2);
    writer.submit(count(6), {});
    writer.drain();
    CHECK(counter.saved == 3);
    CHECK(rows(path) == 3);
}

TEST_CASE(
    "AC_253 a sync of the database that fails beside the commits ends the writer, and the log is kept") {
    test::TempDir dir;
    const auto path = dir.file("t.db");
    FaultyDisk disk;
    Inline owner;
    int stored = 0;
    {
        Writer writer{open(path), owner.post()};
        FaultyDisk::fail_database_sync = true;
        for (int i = 0; i < 3000 && !writer.is_dead(); ++i) {
            writer.submit(
                [i](Database& db) {
                    insert(i)(db);
                    db.exec("INSERT INTO big VALUES (randomblob(3500))");
                },
                [&](Result<> result) { stored += result.has_value(); });
            writer.drain();
        }
        CHECK(writer.is_dead());
        FaultyDisk::fail_database_sync = false;
    }
    CHECK(stored > 0);
    CHECK(std::filesystem::file_size(path + "-wal") > 1'000'000);
    CHECK(rows(path) >= stored);
}

TEST_CASE("the destructor finishes what is queued") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    Inline owner;
    int done = 0;
    {
        Writer writer{open(path), owner.post()};
        for (int i = 0; i < 500; ++i)
            writer.submit(insert(i), [&](Result<> result) { done += result.has_value(); });
    }
    CHECK(done == 500);
    CHECK(rows(path) == 500);
}

TEST_CASE("kill -9 after a completion: the row is there") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    int pipe_fds[2];
    REQUIRE(::pipe(pipe_fds) == 0);
    pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        Writer writer{*Database::open(path, Mode::create, Journal::wal, 1, kSchema),
                      [](auto call) { call(); }};
        for (int i = 0;; ++i) {
            writer.submit(insert(i), [&, i](Result<> result) {
                if (!result || ::write(pipe_fds[1], &i, sizeof i) != sizeof i) ::_exit(1);
            });
            if (i % 16 == 0) writer.drain();
        }
    }
    ::close(pipe_fds[1]);
    int last = -1;
    while (last < 300) REQUIRE(::read(pipe_fds[0], &last, sizeof last) == sizeof last);
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    for (int id; ::read(pipe_fds[0], &id, sizeof id) == sizeof id;) last = id;  // acknowledged until the end
    ::close(pipe_fds[0]);
    auto db = open(path, Mode::existing);
    auto count = db.prepare("SELECT count(*) FROM t WHERE id <= ?");
    REQUIRE(count.bind(last).step());
    CHECK(count.integer(0) == last + 1);
}

TEST_CASE("AC_252 a full disk refuses the group, and the next works when there is room") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    FaultyDisk disk;
    Inline owner;
    std::vector<std::string> answers;
    auto note = [&](Result<> result) { answers.push_back(result ? "stored" : result.error().what); };
    {
        Writer writer{open(path), owner.post()};
        writer.submit(insert(1), note);
        writer.drain();
        FaultyDisk::is_full = true;
        writer.submit(insert(2), note);
        writer.drain();
        FaultyDisk::is_full = false;
        writer.submit(insert(3), note);
        writer.drain();
        CHECK_FALSE(writer.is_dead());
    }
    REQUIRE(answers.size() == 3);
    CHECK(answers[0] == "stored");
    CHECK(answers[1].find("full") != std::string::npos);
    CHECK(answers[2] == "stored");
    CHECK(rows(path) == 2);
}

TEST_CASE("AC_253 after one failed fsync nothing is called good any more") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    FaultyDisk disk;
    Inline owner;
    std::vector<bool> good;
    std::string last_error;
    auto note = [&](Result<> result) {
        good.push_back(result.has_value());
        if (!result) last_error = result.error().what;
    };
    {
        Writer writer{open(path), owner.post()};
        writer.submit(insert(1), note);
        writer.drain();
        FaultyDisk::fail_sync = true;
        writer.submit(insert(2), note);
        writer.drain();
        FaultyDisk::fail_sync = false;
        writer.submit(insert(3), note);
        writer.drain();
        CHECK(writer.is_dead());
    }
    CHECK(good == std::vector<bool>{true, false, false});
    CHECK(last_error.find("an fsync failed") != std::string::npos);
    // A restart recovers; the job refused afterwards left nothing.
    auto db = open(path, Mode::existing);
    auto third = db.prepare("SELECT count(*) FROM t WHERE id = 3");
    REQUIRE(third.step());
    CHECK(third.integer(0) == 0);
}

TEST_CASE(
    "another program that opens the database beside its writer and closes it leaves the log where it is") {
    test::TempDir dir;
    auto path = dir.file("t.db");
    Inline owner;
    Writer writer{open(path), owner.post()};
    for (int i = 1; i <= 3; ++i) {
        std::optional<bool> good;
        writer.submit(insert(i), [&](Result<> result) { good = result.has_value(); });
        writer.drain();
        CHECK(good == true);
        // A process of its own, as sqlite3(1) has it: a last one that closes deletes the log.
        REQUIRE(std::system(("sqlite3 '" + path + "' 'SELECT count(*) FROM t' >/dev/null").c_str()) == 0);
        CHECK(std::filesystem::exists(path + "-wal"));
        // Ours may look too, before and after it was read frozen.
        CHECK(rows(path) == i);
    }
}

TEST_CASE("a database or log that was deleted or replaced in use: nothing is called good any more") {
    for (const std::string suffix : {"", "-wal"}) {
        test::TempDir dir;
        auto path = dir.file("t.db");
        Inline owner;
        std::vector<std::string> answers;
        auto note = [&](Result<> result) { answers.push_back(result ? "good" : result.error().what); };
        Writer writer{open(path), owner.post()};
        writer.submit(insert(1), note);
        writer.drain();
        SUBCASE("deleted") { std::filesystem::remove(path + suffix); }
        SUBCASE("replaced") {
            std::filesystem::copy_file(path + suffix, dir.file("copy"));
            std::filesystem::rename(dir.file("copy"), path + suffix);
        }
        for (int i = 2; i <= 3; ++i) {
            writer.submit(insert(i), note);
            writer.drain();
        }
        CHECK(writer.is_dead());
        REQUIRE(answers.size() == 3);
        CHECK(answers[0] == "good");
        CHECK(answers[1].find("was deleted or replaced while in use") != std::string::npos);
        CHECK(answers[2] == answers[1]);
    }
}
