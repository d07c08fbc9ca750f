// Waits for what calls back on another thread.
#pragma once
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/result.hpp"

namespace hp::crash {

/// `start` is given the callback, and must call it once.
template <class T, class Start>
Result<T> wait_for(Start&& start) {
    struct Wait {
        std::mutex mutex;
        std::condition_variable is_there;
        std::optional<Result<T>> value;
    };
    // Shared: the notifier may still be at it when the waiter has gone.
    auto wait = std::make_shared<Wait>();
    start([wait](Result<T> result) {
        std::lock_guard lock{wait->mutex};
        wait->value = std::move(result);
        wait->is_there.notify_one();
    });
    std::unique_lock lock{wait->mutex};
    wait->is_there.wait(lock, [&] { return wait->value.has_value(); });
    return std::move(*wait->value);
}

}  // namespace hp::crash
