// A session's source of time: now, and timers. A Loop is one; tests advance one by hand.
#pragma once
#include <functional>
#include <memory>

#include "base/clock.hpp"

namespace hp::net {

class Clock {
  public:
    /// At most one wait at a time; destroying it cancels it.
    class Wait {
      public:
        virtual ~Wait() = default;
        virtual void after(std::int64_t delay_ms, std::function<void()> call) = 0;
        virtual void every(std::int64_t period_ms, std::function<void()> call) = 0;
        virtual void cancel() = 0;
    };
    virtual ~Clock() = default;
    virtual SteadyMs steady_ms() const = 0;
    virtual UnixMs unix_ms() const = 0;
    virtual std::unique_ptr<Wait> make_wait() = 0;
};

/// A timer held by its owner; destroying it cancels it. It allocates nothing until it is first
/// used: a pool's connections have several each.
class Timer {
  public:
    explicit Timer(Clock& clock) : clock_{&clock} {}
    /// Calls once after `delay_ms`; replaces an earlier wait.
    void after(std::int64_t delay_ms, std::function<void()> call) { wait().after(delay_ms, std::move(call)); }
    /// Calls every `period_ms` until cancelled.
    void every(std::int64_t period_ms, std::function<void()> call) {
        wait().every(period_ms, std::move(call));
    }
    void cancel() {
        if (wait_) wait_->cancel();
    }

  private:
    Clock::Wait& wait() {
        if (!wait_) wait_ = clock_->make_wait();
        return *wait_;
    }

    Clock* clock_;
    std::unique_ptr<Clock::Wait> wait_;
};

}  // namespace hp::net
