#include "pool/disk_thread.hpp"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>
#include <vector>

namespace hp::pool {
namespace {

constexpr std::chrono::seconds kDiskStopWait{1};

}  // namespace

struct DiskThread::State : std::enable_shared_from_this<State> {
    Post post;
    std::mutex mutex;  // of what follows
    std::condition_variable changed;
    std::deque<Work> waiting;
    std::vector<std::function<void()>> completions;
    bool is_stopping{false}, has_ended{false};
    bool has_no_owner{false};  // the owner's thread's
};

DiskThread::DiskThread(Post post) : state_{std::make_shared<State>()} {
    state_->post = std::move(post);
    thread_ = std::thread{[state = state_] { loop(*state); }};
}

DiskThread::~DiskThread() {
    std::unique_lock lock{state_->mutex};
    state_->is_stopping = true;
    state_->changed.notify_all();
    const bool has_ended =
        state_->changed.wait_for(lock, kDiskStopWait, [this] { return state_->has_ended; });
    lock.unlock();
    has_ended ? thread_.join() : thread_.detach();
    complete(*state_);
    state_->has_no_owner = true;
}

void DiskThread::run(Work work) {
    {
        std::lock_guard lock{state_->mutex};
        state_->waiting.push_back(std::move(work));
    }
    state_->changed.notify_all();
}

void DiskThread::loop(State& state) {
    std::unique_lock lock{state.mutex};
    while (true) {
        state.changed.wait(lock, [&] { return state.is_stopping || !state.waiting.empty(); });
        if (state.waiting.empty()) break;
        const Work work = std::move(state.waiting.front());
        state.waiting.pop_front();
        lock.unlock();
        auto completion = work();
        lock.lock();
        state.completions.push_back(std::move(completion));
        if (state.is_stopping) continue;
        state.post([weak = state.weak_from_this()] {
            const auto self = weak.lock();
            if (self && !self->has_no_owner) complete(*self);
        });
    }
    state.has_ended = true;
    state.changed.notify_all();
}

void DiskThread::complete(State& state) {
    std::vector<std::function<void()>> completions;
    {
        std::lock_guard lock{state.mutex};
        completions.swap(state.completions);
    }
    for (const auto& completion : completions) completion();
}

}  // namespace hp::pool
