// The one writer of a database: a thread that runs queued jobs in groups, one transaction and one fsync a
// group. Batching, not waiting, pays for the fsync: a group is whatever queued up while the last one was
// committed.
#pragma once
#include <functional>
#include <memory>

#include "store/checkpointer.hpp"
#include "store/sqlite.hpp"

namespace hp::store {

class Writer {
  public:
    /// Runs inside the group's transaction, on the writer's thread. A DbError fails this job alone: the group
    /// is then rolled back and its jobs run AGAIN, each in a savepoint (a savepoint a job all the time costs
    /// more than the rare second run). So a job changes nothing but the database, or overwrites what it wrote
    /// outside; a job must not throw anything but DbError.
    using Job = std::function<void(Database&)>;
    /// Called with success only after COMMIT (and its fsync) returned; in the order of submission. When
    /// COMMIT fails (disk full) all jobs of the group get that error and later groups are tried as usual.
    /// Both functions are destroyed on the owner's thread.
    using Done = std::function<void(Result<>)>;
    /// How completions get back to the owner's thread (Loop::post). All completions of a group go in one
    /// call.
    using Post = std::function<void(std::function<void()>)>;

    /// What the database's owner keeps in memory in step with the transactions. Called on the writer's
    /// thread.
    class TransactionObserver {
      public:
        virtual ~TransactionObserver() = default;
        /// The group's jobs are done: what is to be written with them. A DbError fails the group.
        virtual void before_commit(Database& db) = 0;
        virtual void committed() = 0;
        virtual void undo_all() = 0;
        /// Jobs that run on their own are undone on their own.
        virtual void job_begins() = 0;
        virtual void undo_job() = 0;
    };

    /// `observer` may be null; it lives as long as the writer.
    Writer(Database db, Post post, TransactionObserver* observer = nullptr);
    ~Writer();  ///< finishes what is queued, then joins

    void submit(Job job, Done done);
    /// For what nobody waits for: goes with the next group, and begins one of its own only after 20 ms.
    void submit_unhurried(Job job, Done done);
    /// Jobs queued or running; the bound is the owner's to keep.
    std::size_t backlog() const;
    /// The database's log, as it was after the last group.
    LogState log_state() const;
    /// Waits until all that is queued is committed and its completions are posted.
    void drain();
    /// An fsync failed: what the disk holds is unknown, every further job fails. The program must say so and
    /// exit; a restart recovers from the disk.
    bool is_dead() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::store
