// Readiness for many sockets: one epoll set that the loop's Asio watches as a single descriptor. A read costs
// one recv without re-arming, which with one outstanding share per connection saves a quarter of a share's
// cost (docs/design/costs.md, Sockets). For rooms with their own sockets.
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "net/fd.hpp"

namespace hp::net {

class Loop;

/// Called by the reactor. Registered objects are kept alive until removed.
class Pollable {
  public:
    virtual ~Pollable() = default;
    /// `events` as epoll reports them (level-triggered).
    virtual void on_ready(std::uint32_t events) = 0;
    /// The turn in which at_turn_end() was called ends now.
    virtual void on_turn_end() {}
    /// The loop is being destroyed: nothing will be called any more. Release whatever may hold this object.
    virtual void on_loop_end() {}
};

class Reactor {
  public:
    /// `wake` must make the loop call end_turn() soon; called when something happens outside of a turn.
    explicit Reactor(std::function<void()> wake);

    void add(int fd, std::uint32_t events, std::shared_ptr<Pollable> pollable);
    void modify(int fd, std::uint32_t events);
    /// Before the descriptor is closed. Events of it that were already fetched are dropped.
    void remove(int fd);
    void at_turn_end(std::shared_ptr<Pollable> pollable);

    /// One turn: everything that is ready now (bounded), then on_turn_end for those that asked for it.
    void run_ready();
    void begin_turn() { in_turn_ = true; }
    void end_turn();
    /// Drops all registrations and accepts no more: the loop is being destroyed.
    void clear();

    int epoll_fd() const { return epoll_.get(); }
    /// Scratch for one recv; one thread reads at a time, so all connections share it.
    std::span<std::uint8_t> read_buffer() { return read_buffer_; }

  private:
    struct Entry {
        std::shared_ptr<Pollable> pollable;
        std::uint32_t generation{0};
        std::uint32_t events{0};
    };
    void control(int operation, int fd, std::uint32_t events);

    std::function<void()> wake_;
    Fd epoll_;
    std::vector<Entry> by_fd_;
    std::vector<std::shared_ptr<Pollable>> at_turn_end_;
    std::vector<std::uint8_t> read_buffer_;
    bool in_turn_{false};
    bool wake_pending_{false};
    bool cleared_{false};
};

/// The reactor of a loop.
Reactor& reactor_of(Loop& loop);

}  // namespace hp::net
