// Work on files that nobody waits for, on a thread of its own: a disk that hangs stops no miner.
#pragma once
#include <functional>
#include <memory>
#include <thread>

namespace hp::pool {

class DiskThread {
  public:
    /// Loop::post: called on the thread.
    using Post = std::function<void(std::function<void()>)>;
    /// Runs on the thread; what it returns then runs on the owner's.
    using Work = std::function<std::function<void()>()>;

    explicit DiskThread(Post post);
    /// Finishes what is queued, for a second at most, and completes it.
    ~DiskThread();
    DiskThread(const DiskThread&) = delete;
    DiskThread& operator=(const DiskThread&) = delete;

    void run(Work work);

  private:
    struct State;
    static void loop(State& state);
    static void complete(State& state);

    std::shared_ptr<State> state_;  // outlives us if the thread is left behind
    std::thread thread_;
};

}  // namespace hp::pool
