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

/// A timer held by its owner; destroying it cancels it.
class Timer {
  public:
    explicit Timer(Clock& clock) : wait_{clock.make_wait()} {}
    /// Calls once after `delay_ms`; replaces an earlier wait.
    void after(std::int64_t delay_ms, std::function<void()> call) { wait_->after(delay_ms, std::move(call)); }
    /// Calls every `period_ms` until cancelled.
    void every(std::int64_t period_ms, std::function<void()> call) {
        wait_->every(period_ms, std::move(call));
    }
    void cancel() { wait_->cancel(); }

  private:
    std::unique_ptr<Clock::Wait> wait_;
};

}  // namespace hp::net
