// Waits for a callback on another thread.
#pragma once
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/result.hpp"

namespace hp::crash {

/// `start` gets the callback, and must call it once. A missing answer is a failed round, not a test that
/// hangs until its timeout.
template <class T, class Start>
Result<T> wait_for(Start&& start) {
    struct Wait {
        std::mutex mutex;
        std::condition_variable is_there;
        std::optional<Result<T>> value;
    };
    // Shared: the notifier may still use it when the waiter is gone.
    auto wait = std::make_shared<Wait>();
    start([wait](Result<T> result) {
        std::lock_guard lock{wait->mutex};
        wait->value = std::move(result);
        wait->is_there.notify_one();
    });
    std::unique_lock lock{wait->mutex};
    if (!wait->is_there.wait_for(lock, std::chrono::seconds{60}, [&] { return wait->value.has_value(); }))
        return fail(Errc::timeout, "no answer within 60 s");
    return std::move(*wait->value);
}

}  // namespace hp::crash
