#include "net/reactor.hpp"

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>

namespace hp::net {

struct Reactor::Watch {
    boost::asio::posix::stream_descriptor set;
};

namespace {
constexpr std::size_t kReadSize = 64 * 1024;
constexpr int kEventsPerTurn = 256;
}  // namespace

Reactor::Reactor() : epoll_{::epoll_create1(EPOLL_CLOEXEC)}, read_buffer_(kReadSize) { HP_ASSERT(epoll_); }
Reactor::~Reactor() = default;

std::span<std::uint8_t> Reactor::read_buffer() { return read_buffer_; }

void Reactor::start(boost::asio::io_context& io) {
    io_ = &io;
    watch_.reset(new Watch{{io, epoll_.get()}});
    wait_for_ready();
}

void Reactor::wait_for_ready() {
    watch_->set.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& error) {
                               if (error) return;
                               run_ready();
                               wait_for_ready();
                           });
}

void Reactor::control(int operation, int fd, std::uint32_t events) {
    Entry& entry = by_fd_[static_cast<std::size_t>(fd)];
    entry.events = events;
    epoll_event event{};
    event.events = events;
    event.data.u64 = (std::uint64_t{entry.generation} << 32) | static_cast<std::uint32_t>(fd);
    // ENOMEM and ENOSPC (the per-user watch limit) leave the descriptor unwatched: its owner's deadline ends
    // it.
    (void)::epoll_ctl(epoll_.get(), operation, fd, &event);
}

void Reactor::add(int fd, std::uint32_t events, std::shared_ptr<Pollable> pollable) {
    HP_ASSERT(fd >= 0);
    if (cleared_) return;
    auto index = static_cast<std::size_t>(fd);
    if (index >= by_fd_.size()) by_fd_.resize(index + 1);
    HP_ASSERT(!by_fd_[index].pollable);
    by_fd_[index].pollable = std::move(pollable);
    ++by_fd_[index].generation;
    control(EPOLL_CTL_ADD, fd, events);
}

void Reactor::modify(int fd, std::uint32_t events) {
    auto index = static_cast<std::size_t>(fd);
    // During the loop's destruction registrations are already gone.
    if (index >= by_fd_.size() || !by_fd_[index].pollable || by_fd_[index].events == events) return;
    control(EPOLL_CTL_MOD, fd, events);
}

void Reactor::remove(int fd) {
    auto index = static_cast<std::size_t>(fd);
    if (index >= by_fd_.size() || !by_fd_[index].pollable) return;
    (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    // This may be the last reference, and its destructor may use this table: move it out first.
    std::shared_ptr<Pollable> last = std::move(by_fd_[index].pollable);
    by_fd_[index].pollable.reset();
}

void Reactor::at_turn_end(std::shared_ptr<Pollable> pollable) {
    if (cleared_) return;
    at_turn_end_.push_back(std::move(pollable));
    if (!in_turn_ && !wake_pending_) {
        wake_pending_ = true;
        boost::asio::post(*io_, [this] { end_turn(); });
    }
}

void Reactor::end_turn() {
    wake_pending_ = false;
    in_turn_ = true;
    // Requests made by on_turn_end itself belong to the same turn: flushing one connection may close another.
    while (!at_turn_end_.empty()) {
        auto batch = std::exchange(at_turn_end_, {});
        for (auto& pollable : batch) pollable->on_turn_end();
        if (at_turn_end_.empty()) {
            batch.clear();  // keep the capacity: this runs every turn
            at_turn_end_ = std::move(batch);
        }
    }
    in_turn_ = false;
}

void Reactor::run_ready() {
    std::array<epoll_event, kEventsPerTurn> events;
    int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTurn, 0);
    begin_turn();
    for (int i = 0; i < count; ++i) {
        std::uint64_t mark = events[static_cast<std::size_t>(i)].data.u64;
        const Entry& entry = by_fd_[mark & 0xffff'ffff];
        if (!entry.pollable || entry.generation != mark >> 32) continue;
        auto pollable = entry.pollable;  // it may remove itself
        pollable->on_ready(events[static_cast<std::size_t>(i)].events);
    }
    end_turn();
}

void Reactor::clear() {
    cleared_ = true;
    auto entries = std::exchange(by_fd_, {});
    auto waiting = std::exchange(at_turn_end_, {});
    for (auto& entry : entries)
        if (entry.pollable) entry.pollable->on_loop_end();
    if (watch_) watch_->set.release();  // epoll_ closes it
    watch_.reset();
}

}  // namespace hp::net
