// lib/net/reactor.hpp on Asio's own descriptors: what `scripts/bench reactor` compares ours with.
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

class Pollable {
  public:
    virtual ~Pollable() = default;
    virtual void on_ready(std::uint32_t events) = 0;
    virtual void on_turn_end() {}
    virtual void on_loop_end() {}
};

class Reactor {
  public:
    Reactor();
    ~Reactor();
    void start(boost::asio::io_context& io) { io_ = &io; }
    void add(int fd, std::uint32_t events, std::shared_ptr<Pollable> pollable);
    void modify(int fd, std::uint32_t events);
    void remove(int fd);
    void at_turn_end(std::shared_ptr<Pollable> pollable);
    void begin_turn() { in_turn_ = true; }
    void end_turn();
    void clear();
    std::span<std::uint8_t> read_buffer();

  private:
    struct Watched;
    void wait(const std::shared_ptr<Watched>& watched);
    void wait_for(const std::shared_ptr<Watched>& watched, std::uint32_t event, bool Watched::*waits);

    boost::asio::io_context* io_{};
    std::vector<std::shared_ptr<Watched>> by_fd_;
    std::vector<std::shared_ptr<Pollable>> at_turn_end_;
    std::vector<std::uint8_t> read_buffer_;
    bool in_turn_{false};
    bool wake_pending_{false};
    bool cleared_{false};
};

Reactor& reactor_of(Loop& loop);

}  // namespace hp::net
