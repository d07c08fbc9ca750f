// Runs one of our databases through power cuts and failing disks, next to an oracle of what was promised.
//
// One workload runs on its own disk. Before each change of the disk a cut may be tried: what it would leave
// is put on a second disk, opened there as after a restart, checked against the oracle's current state, and
// used: unanswered requests are sent again. A cut may come during that too, and so on.
#pragma once
#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "store/writer.hpp"
#include "vfs_disk.hpp"

struct sqlite3;

namespace hp::crash {

/// What was requested and what was promised. Copies are independent.
class Oracle {
  public:
    virtual ~Oracle() = default;
    virtual std::unique_ptr<Oracle> clone() const = 0;
    /// Operations with, and without an answer.
    virtual std::size_t promised() const = 0;
    virtual std::size_t unanswered() const = 0;
};

/// The real class on its database, driven by an oracle that outlives it.
class Session {
  public:
    virtual ~Session() = default;
    /// Runs some operations together. Answers go to the oracle; failed ones are left unanswered.
    virtual void work(Rng& rng) = 0;
    /// Sends unanswered requests again. Returns the first error.
    virtual std::string repeat(Rng& rng) = 0;
    /// Waits until nothing happens on the disk.
    virtual void rest() = 0;
    /// Whether it reports that it must not continue.
    virtual bool is_dead() const { return false; }
};

/// A kind of database.
class Subject {
  public:
    virtual ~Subject() = default;
    virtual const char* name() const = 0;
    virtual const char* file() const = 0;
    virtual std::unique_ptr<Oracle> fresh() const = 0;
    virtual Result<std::unique_ptr<Session>> open(const std::string& path, Oracle& oracle) const = 0;
    /// Compares the file with the oracle, by plain SQL. Returns the first error.
    virtual std::string verify(sqlite3* db, const Oracle& oracle) const = 0;
    /// `total` operations of a workload take about this many calls of work().
    virtual std::size_t groups(std::size_t operations) const = 0;
};
std::unique_ptr<Subject> ledger_subject();
std::unique_ptr<Subject> outbox_subject();
std::unique_ptr<Subject> vault_subject();

/// verify(), and integrity_check before it, over a connection of its own, which changes nothing.
enum class Check { rows, rows_and_pages };
std::string check_file(const Subject& subject, const std::string& path, const Oracle& oracle,
                       Check check = Check::rows_and_pages);

/// Rows that must not exist: a sentence, and the query that finds them.
struct Invariant {
    const char* broken;
    const char* sql;
};
std::string check_invariants(sqlite3* db, std::span<const Invariant> invariants);

/// Runs over the rows of a query. Throws std::runtime_error.
class Rows {
  public:
    Rows(sqlite3* db, const char* sql);
    ~Rows();
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    bool next();
    std::int64_t integer(int column) const;
    std::string text(int column) const;  ///< or the bytes of a BLOB
    bool is_null(int column) const;

  private:
    sqlite3* db_;
    struct sqlite3_stmt* statement_{nullptr};
};

/// Handles a Writer's completions: at once, or held until the next jobs are queued, so that groups are the
/// same in every run.
class Gate {
  public:
    store::Writer::Post post() {
        return [this](std::function<void()> call) {
            {
                std::unique_lock lock{mutex_};
                is_waiting_ = true;
                changed_.notify_all();
                changed_.wait(lock, [this] { return !is_closed_; });
                is_waiting_ = false;
            }
            call();
        };
    }
    /// `start` submits a job that changes nothing; returns when the writer waits behind it. Everything before
    /// it, the checkpoint too, has ended then.
    template <class Start>
    void hold(Start&& start) {
        {
            std::lock_guard lock{mutex_};
            is_closed_ = true;
        }
        start();
        std::unique_lock lock{mutex_};
        changed_.wait(lock, [this] { return is_waiting_; });
    }
    void release() {
        std::lock_guard lock{mutex_};
        is_closed_ = false;
        changed_.notify_all();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool is_closed_{false};
    bool is_waiting_{false};
};

/// All of lib's randomness (ids, keys) comes from a seed, so that a failing case is reproducible.
class SeededRandom {
  public:
    /// Before anything else uses randomness.
    static void install();
    /// For the life of this object; then the previous stream continues.
    explicit SeededRandom(std::uint64_t seed);
    ~SeededRandom();
    SeededRandom(const SeededRandom&) = delete;
    SeededRandom& operator=(const SeededRandom&) = delete;

  private:
    Rng before_;
};

inline constexpr UnixMs kStart = 1'800'000'000'000;

}  // namespace hp::crash
