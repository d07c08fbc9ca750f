#include "net/reactor.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

namespace hp::net {

namespace asio = boost::asio;
using asio::posix::stream_descriptor;
using boost::system::error_code;

namespace {
constexpr std::size_t kReadSize = 64 * 1024;
}  // namespace

struct Reactor::Watched {
    stream_descriptor descriptor;
    std::shared_ptr<Pollable> pollable;  ///< empty: removed, and what still comes for it is dropped
    std::uint32_t events;
    bool waits_for_bytes{false}, waits_for_room{false};
};

Reactor::Reactor() : read_buffer_(kReadSize) {}
Reactor::~Reactor() = default;

std::span<std::uint8_t> Reactor::read_buffer() { return read_buffer_; }

void Reactor::add(int fd, std::uint32_t events, std::shared_ptr<Pollable> pollable) {
    HP_ASSERT(fd >= 0);
    if (cleared_) return;
    const auto index = static_cast<std::size_t>(fd);
    if (index >= by_fd_.size()) by_fd_.resize(index + 1);
    HP_ASSERT(!by_fd_[index]);
    by_fd_[index].reset(new Watched{stream_descriptor{*io_}, std::move(pollable), events});
    error_code unwatched;  // its owner's deadline ends it
    by_fd_[index]->descriptor.assign(fd, unwatched);
    wait(by_fd_[index]);
}

void Reactor::wait(const std::shared_ptr<Watched>& watched) {
    wait_for(watched, EPOLLIN, &Watched::waits_for_bytes);
    wait_for(watched, EPOLLOUT, &Watched::waits_for_room);
}

/// Asio's set is edge-triggered, so each wait is an epoll_ctl.
void Reactor::wait_for(const std::shared_ptr<Watched>& watched, std::uint32_t event, bool Watched::*waits) {
    if ((watched->events & event) == 0 || (*watched).*waits) return;
    (*watched).*waits = true;
    watched->descriptor.async_wait(
        event == EPOLLIN ? stream_descriptor::wait_read : stream_descriptor::wait_write,
        [this, watched, event, waits](const error_code&) {
            (*watched).*waits = false;
            const auto pollable = watched->pollable;  // it may remove itself
            if (!pollable) return;
            if (watched->events & event) pollable->on_ready(event);
            if (watched->pollable) wait(watched);
        });
}

void Reactor::modify(int fd, std::uint32_t events) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= by_fd_.size() || !by_fd_[index] || by_fd_[index]->events == events) return;
    by_fd_[index]->events = events;
    wait(by_fd_[index]);
}

void Reactor::remove(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    if (index >= by_fd_.size() || !by_fd_[index]) return;
    const auto watched = std::exchange(by_fd_[index], nullptr);
    const auto last = std::exchange(watched->pollable, nullptr);
    watched->descriptor.release();
}

void Reactor::at_turn_end(std::shared_ptr<Pollable> pollable) {
    if (cleared_) return;
    at_turn_end_.push_back(std::move(pollable));
    if (in_turn_ || wake_pending_) return;
    wake_pending_ = true;
    asio::post(*io_, [this] { end_turn(); });  // behind all that is ready now
}

void Reactor::end_turn() {
    wake_pending_ = false;
    in_turn_ = true;
    while (!at_turn_end_.empty()) {
        auto batch = std::exchange(at_turn_end_, {});
        for (auto& pollable : batch) pollable->on_turn_end();
        if (!at_turn_end_.empty()) continue;
        batch.clear();
        at_turn_end_ = std::move(batch);
    }
    in_turn_ = false;
}

void Reactor::clear() {
    cleared_ = true;
    const auto entries = std::exchange(by_fd_, {});
    const auto waiting = std::exchange(at_turn_end_, {});
    for (const auto& watched : entries) {
        if (!watched) continue;
        const auto pollable = std::exchange(watched->pollable, nullptr);
        watched->descriptor.release();
        pollable->on_loop_end();
    }
}

}  // namespace hp::net
