// SIGUSR2 of a process: what it means is the program's. Without this, the signal ends the process.
#pragma once
#include <functional>
#include <memory>

#include "net/loop.hpp"

namespace hp::net {

class UserSignal {
  public:
    /// `on_signal` runs on the loop's thread; signals that come before it has run may count as one.
    UserSignal(Loop& loop, std::function<void()> on_signal);
    /// From here to the exit the signal is blocked, so that it cannot turn a clean exit into death by a
    /// signal.
    ~UserSignal();
    UserSignal(const UserSignal&) = delete;
    UserSignal& operator=(const UserSignal&) = delete;

  private:
    struct Waiting;
    std::unique_ptr<Waiting> waiting_;
};

}  // namespace hp::net
