// Readiness for many sockets: one epoll set that the loop's Asio watches as a single descriptor. A read costs
// one recv without re-arming, which with one outstanding share per connection saves about a tenth of a
// share's cost (docs/performance.md, Sockets beside Asio's). For rooms with their own sockets.
#pragma once
#include <sys/epoll.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "net/fd.hpp"

namespace boost::asio {
class io_context;
}

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
    Reactor();
    ~Reactor();
    /// From now on it runs on `io`. Call once, before anything else.
    void start(boost::asio::io_context& io);

    void add(int fd, std::uint32_t events, std::shared_ptr<Pollable> pollable);
    void modify(int fd, std::uint32_t events);
    /// Before the descriptor is closed. Events of it that were already fetched are dropped.
    void remove(int fd);
    void at_turn_end(std::shared_ptr<Pollable> pollable);

    /// A turn that does not start with sockets: on_turn_end for those that ask during it comes at its end.
    void begin_turn() { in_turn_ = true; }
    void end_turn();
    /// Drops all registrations and accepts no more: the loop is being destroyed.
    void clear();

    /// Scratch for one recv; one thread reads at a time, so all connections share it.
    std::span<std::uint8_t> read_buffer();

  private:
    struct Entry {
        std::shared_ptr<Pollable> pollable;
        std::uint32_t generation{0};
        std::uint32_t events{0};
    };
    struct Watch;
    void control(int operation, int fd, std::uint32_t events);
    void wait_for_ready();
    /// One turn: everything that is ready now (bounded), then on_turn_end for those that asked for it.
    void run_ready();

    boost::asio::io_context* io_{};
    Fd epoll_;
    std::unique_ptr<Watch> watch_;  // Asio's, of the set
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
