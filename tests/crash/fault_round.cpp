#include "fault_round.hpp"

#include <sqlite3.h>

#include <filesystem>

namespace hp::crash {
namespace {

bool is_write(Op op) { return op == Op::write || op == Op::create || op == Op::link; }

/// Fails the n-th operation of a kind from the moment it is armed.
class Plan {
  public:
    explicit Plan(Fault fault) : fault_{fault} {}

    void arm(std::uint64_t at) {
        at_ = at;
        count_ = 0;
        is_hit_ = false;
        is_dead_disk_ = false;
    }
    /// There is space again; the disk works.
    void heal() { at_ = 0; }
    bool is_hit() const { return is_hit_; }
    /// Nothing works any more: leaves the same as a killed process.
    void stop_disk() { is_dead_disk_ = true; }
    void start_disk() { is_dead_disk_ = false; }

    Verdict judge(const Operation& operation) {
        if (is_dead_disk_ && operation.op != Op::read) return {SQLITE_IOERR_WRITE};
        if (at_ == 0 || !fits(operation.op)) return {};
        ++count_;
        bool is_lasting = fault_ == Fault::full || fault_ == Fault::short_write;
        if (count_ < at_ || (count_ > at_ && !is_lasting)) return {};
        is_hit_ = true;
        switch (fault_) {
            case Fault::full:
            case Fault::full_once:
                return {operation.op == Op::write ? SQLITE_FULL : SQLITE_CANTOPEN};
            case Fault::short_write:
                return {SQLITE_FULL, count_ == at_ ? operation.size / 2 : 0};
            case Fault::write_error:
                return {SQLITE_IOERR_WRITE};
            case Fault::read_error:
                return {SQLITE_IOERR_READ};
            case Fault::sync_error:
                return {operation.op == Op::sync ? SQLITE_IOERR_FSYNC : SQLITE_IOERR_DIR_FSYNC};
        }
        return {};
    }

  private:
    bool fits(Op op) const {
        if (fault_ == Fault::read_error) return op == Op::read;
        if (fault_ == Fault::sync_error) return is_sync(op);
        return is_write(op);
    }
    Fault fault_;
    std::uint64_t at_{0}, count_{0};
    bool is_hit_{false}, is_dead_disk_{false};
};

class Round {
  public:
    Round(const Subject& subject, Fault fault, std::uint64_t seed, const std::string& scratch)
        : subject_{subject},
          fault_{fault},
          seed_{seed},
          rng_{mix(seed, static_cast<std::uint64_t>(fault))},
          plan_{fault},
          disk_{scratch + "/main"},
          after_{scratch + "/after"} {
        disk_.asks_for_reads = fault == Fault::read_error;
        disk_.before = [this](const Operation& operation) {
            ++tally_.operations;
            return plan_.judge(operation);
        };
    }

    FaultTally run(std::size_t operations) {
        SeededRandom random{seed_};
        disk_.turns.seed(mix(seed_, 3));
        oracle_ = subject_.fresh();
        if (open_with_faults() && session_)
            for (std::size_t i = 0; i < subject_.groups(operations) && !is_failed(); ++i)
                fault_ == Fault::sync_error ? fail_a_sync() : fail_each_write();
        session_.reset();
        tally_.promised = oracle_->promised();
        return std::move(tally_);
    }

  private:
    void rest() {
        session_->rest();
        disk_.turns.wait();
    }
    std::string path() const { return disk_.path(subject_.file()); }
    bool is_failed() const { return !tally_.failures.empty(); }
    void expect(const std::string& wrong, const char* when) {
        if (wrong.empty()) return;
        tally_.failures.push_back(std::string(subject_.name()) + ", " + name_of(fault_) + ", seed " +
                                  std::to_string(seed_) + ", fault " + std::to_string(tally_.faults) + ", " +
                                  when + ": " + wrong);
    }
    void expect(bool is_so, const char* wrong, const char* when) { expect(is_so ? "" : wrong, when); }
    Check some_check() { return rng_.chance(1, 8) ? Check::rows_and_pages : Check::rows; }

    /// Opening with a fault at each operation in turn: it fails without leaving anything partial, or
    /// succeeds.
    bool open_with_faults() {
        for (std::uint64_t n = 1; !is_failed(); ++n) {
            plan_.arm(n);
            auto opened = subject_.open(path(), *oracle_);
            bool is_hit = plan_.is_hit();
            plan_.heal();
            tally_.faults += is_hit;
            if (!opened && !is_hit) expect(opened.error().what, "opening a healthy disk");
            if (!opened && std::filesystem::exists(path()))
                expect(check_pages(), "after an opening that failed");
            if (!is_hit) {
                session_ = opened ? *std::move(opened) : nullptr;
                return true;
            }
        }
        return false;
    }
    std::string check_pages() {
        sqlite3* db = nullptr;
        std::string verdict = "does not open";
        if (sqlite3_open_v2(path().c_str(), &db, SQLITE_OPEN_READWRITE, nullptr) == SQLITE_OK) {
            try {
                Rows rows{db, "PRAGMA integrity_check(1)"};
                verdict = rows.next() ? rows.text(0) : "no verdict";
            } catch (const std::exception& error) {
                verdict = error.what();
            }
        }
        sqlite3_close(db);
        return verdict == "ok" ? "" : verdict;
    }

    /// One group of requests, sent again until none of its writes fails, without reopening.
    void fail_each_write() {
        for (std::uint64_t n = 1; !is_failed(); ++n) {
            plan_.arm(n);
            std::string wrong;
            if (n == 1)
                session_->work(rng_);
            else
                wrong = session_->repeat(rng_);
            rest();
            bool is_hit = plan_.is_hit();
            plan_.heal();
            // With a fault an error is a valid answer; without one it is not.
            if (!is_hit) {
                expect(wrong, "sending again");
                break;
            }
            ++tally_.faults;
            expect(check_file(subject_, path(), *oracle_, some_check()), "after the fault");
            expect(!session_->is_dead(), "the writer gave up", "after the fault");
            if (rng_.chance(1, 8)) cut_after();
        }
        expect(session_->repeat(rng_), "with space again");
        rest();
        expect(oracle_->unanswered() == 0, "a request is still unanswered", "with space again");
        expect(check_file(subject_, path(), *oracle_, some_check()), "with space again");
    }

    /// A sync fails: nothing is promised any more; a restart (or a power cut) brings back what was.
    void fail_a_sync() {
        plan_.arm(1 + rng_.below(6));
        session_->work(rng_);
        rest();
        bool is_hit = plan_.is_hit();
        plan_.heal();
        if (is_hit) {
            ++tally_.faults;
            expect(session_->is_dead(), "it continues", "after a sync failed");
            std::size_t promised = oracle_->promised();
            session_->work(rng_);
            rest();
            expect(oracle_->promised() == promised, "it promises something", "after a sync failed");
            restart();
        }
        if (is_failed()) return;
        expect(session_->repeat(rng_), "sending again");
        rest();
        expect(check_file(subject_, path(), *oracle_, some_check()), "after sending again");
        expect(oracle_->unanswered() == 0, "a request is still unanswered", "after sending again");
        // What is promised now must not depend on pages that are only in the cache.
        cut_after();
    }

    void restart() {
        ++tally_.restarts;
        std::uint64_t how = rng_.below(3);
        std::optional<Image> image;
        if (how == 0) image = disk_.cut(rng_);  // the machine lost power
        if (how == 1) plan_.stop_disk();        // the process was killed: no destructors
        session_.reset();
        plan_.start_disk();
        if (image) disk_.load(*image);
        auto opened = subject_.open(path(), *oracle_);
        expect(opened.has_value(), opened ? "" : opened.error().what.c_str(), "opening again");
        if (!opened) return;
        session_ = *std::move(opened);
        expect(check_file(subject_, path(), *oracle_), "after the restart");
    }

    /// What a power cut would leave now includes everything promised.
    void cut_after() {
        after_.load(disk_.cut(rng_));
        auto own = oracle_->clone();
        auto path_after = after_.path(subject_.file());
        auto session = subject_.open(path_after, *own);
        expect(session.has_value(), session ? "" : session.error().what.c_str(), "opening after a power cut");
        if (!session) return;
        expect(check_file(subject_, path_after, *own), "after a power cut");
        expect((*session)->repeat(rng_), "sending again after a power cut");
    }

    const Subject& subject_;
    Fault fault_;
    std::uint64_t seed_;
    Rng rng_;
    Plan plan_;
    FaultTally tally_;
    Disk disk_, after_;
    std::unique_ptr<Oracle> oracle_;
    std::unique_ptr<Session> session_;
};

}  // namespace

const char* name_of(Fault fault) {
    constexpr const char* kNames[] = {"disk full",   "disk full once", "short write",
                                      "write error", "read error",     "sync error"};
    return kNames[static_cast<std::size_t>(fault)];
}

FaultTally fault_round(const Subject& subject, Fault fault, std::uint64_t seed, std::size_t operations,
                       const std::string& scratch) {
    return Round{subject, fault, seed, scratch}.run(operations);
}

}  // namespace hp::crash
