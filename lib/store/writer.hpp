// The one writer of a database: a thread that runs queued jobs in groups, one transaction and one fsync per
// group. Batching without waiting: a group is whatever was queued while the last one was committed.
#pragma once
#include <functional>
#include <memory>

#include "store/checkpointer.hpp"
#include "store/sqlite.hpp"

namespace hp::store {

class Writer {
  public:
    /// Runs inside the group's transaction, on the writer's thread. A DbError fails only this job: the group
    /// is then rolled back and its jobs run AGAIN, each in a savepoint (always using a savepoint per job
    /// would cost more than the rare second run). So a job changes only the database, or overwrites what it
    /// wrote outside; a job must not throw anything but DbError.
    using Job = std::function<void(Database&)>;
    /// Called with success only after COMMIT (and its fsync) returned; in the order of submission. If COMMIT
    /// fails (disk full) all jobs of the group get that error, and later groups run as usual. Both functions
    /// are destroyed on the owner's thread.
    using Done = std::function<void(Result<>)>;
    /// How completions get back to the owner's thread (Loop::post). All completions of a group go in one
    /// call.
    using Post = std::function<void(std::function<void()>)>;

    /// For the owner's in-memory state that must follow the transactions. Called on the writer's thread.
    class TransactionObserver {
      public:
        virtual ~TransactionObserver() = default;
        /// The group's jobs are done: writes what belongs to them. A DbError fails the group.
        virtual void before_commit(Database& db) = 0;
        virtual void committed() = 0;
        virtual void undo_all() = 0;
        /// Jobs that run separately are undone separately.
        virtual void job_begins() = 0;
        virtual void undo_job() = 0;
    };

    /// `observer` may be null; it lives as long as the writer.
    Writer(Database db, Post post, TransactionObserver* observer = nullptr);
    ~Writer();  ///< finishes what is queued, then joins

    void submit(Job job, Done done);
    /// For what nobody waits for: joins the next group, or starts one after 20 ms.
    void submit_unhurried(Job job, Done done);
    /// Jobs queued or running; the owner must limit them.
    std::size_t backlog() const;
    /// The database's WAL, as of the last group.
    LogState log_state() const;
    /// Waits until everything queued is committed and its completions are posted.
    void drain();
    /// An fsync failed: what the disk holds is unknown, every further job fails. The program must report it
    /// and exit; a restart recovers from the disk.
    bool is_dead() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hp::store
