#include "net/stream.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "log/log.hpp"

namespace hp::net {

namespace {
constexpr std::int64_t kCloseLimitMs = 2'000;

Error socket_error(const char* what, int number) {
    return {Errc::io, std::string(what) + ": " + std::strerror(number), {}};
}
}  // namespace

Stream::Stream(Loop& loop, Fd fd, std::string peer, std::size_t queue_bytes_max, Place place)
    : loop_{loop},
      reactor_{reactor_of(loop)},
      fd_{std::move(fd)},
      peer_{std::move(peer)},
      queue_bytes_max_{queue_bytes_max},
      place_{std::move(place)},
      is_trusted_{place_.is_empty()},
      buffers_{loop, *this} {
    place_.held_by(*this);
}

Stream::~Stream() {
    if (registered_) reactor_.remove(fd_.get());
}

void Stream::start_reading() {
    if (state_ != State::open || reading_) return;
    reading_ = true;
    watch();
}

/// Tells epoll what we wait for: input while reading, room while the kernel's buffer is full.
void Stream::watch() {
    bool wants_room = bytes_queued() > 0 && !flush_asked_;
    std::uint32_t events = (reading_ ? EPOLLIN : 0u) | (wants_room ? EPOLLOUT : 0u);
    if (registered_) return reactor_.modify(fd_.get(), events);
    if (events == 0) return;  // unregistered: destroyed with the last reference
    registered_ = true;
    reactor_.add(fd_.get(), events, shared_from_this());
}

void Stream::on_ready(std::uint32_t events) {
    if (events & EPOLLOUT) flush();
    if (state_ == State::closed) return;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read();
}

void Stream::read() {
    auto buffer = reactor_.read_buffer();
    if (state_ == State::open) buffer = buffer.first(std::min(buffer.size(), read_bytes_max_));
    ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got < 0) {
        if (errno == EAGAIN || errno == EINTR) return;
        return end(socket_error("connection lost", errno));
    }
    if (state_ != State::open) {
        if (got > 0) return;  // dropped: we announced the close
        if (state_ == State::draining || !reading_) return finish();
        reading_ = false;  // the peer only half-closed; it may still read what we flush
        return watch();
    }
    if (got == 0) return end({Errc::io, "the peer closed the connection", {}});
    delivering_ = true;
    on_bytes(buffer.first(static_cast<std::size_t>(got)));
    delivering_ = false;
    // Send the answers now, without another round through epoll.
    if (bytes_queued() > 0 && state_ != State::closed)
        flush();
    else
        count_buffers();
}

void Stream::queued() {
#ifdef HP_CRASH_POINTS
    crash_writes_.take();
#endif
    if (state_ != State::open) return;
    if (bytes_queued() > queue_bytes_max_) {
        on_too_slow();
        const std::string why =
            "the peer reads too slowly: more than " + std::to_string(queue_bytes_max_) + " bytes are queued";
        end({Errc::io, why, {}});
        static log::Limited complain{log::Level::warn};
        complain.about(peer_, "{}: connection cut: {}", peer_, why);
        return;
    }
    if (delivering_ || flush_asked_) return;
    flush_asked_ = true;
    reactor_.at_turn_end(shared_from_this());
}

void Stream::on_turn_end() {
    flush_asked_ = false;
    if (state_ != State::closed) flush();
}

void Stream::flush() {
#ifdef HP_CRASH_POINTS
    crash_writes_.before(fd_.get(), queue_.data() + queue_begin_, bytes_queued());
#endif
    while (bytes_queued() > 0) {
        ssize_t sent =
            ::send(fd_.get(), queue_.data() + queue_begin_, bytes_queued(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) break;
            return end(socket_error("connection lost", errno));
        }
        queue_begin_ += static_cast<std::size_t>(sent);
    }
    if (bytes_queued() == 0) {
#ifdef HP_CRASH_POINTS
        crash_writes_.after();
#endif
        queue_begin_ = 0;
        // Freed each time: it adds up over 10,000 idle miners, and the next sender gets memory that is still
        // in the cache.
        Bytes{}.swap(queue_);  // not "= {}", which keeps the memory
        if (state_ == State::flushing) {
            ::shutdown(fd_.get(), SHUT_WR);
            if (!reading_) return finish();  // the peer's FIN came before ours
            state_ = State::draining;
        }
    } else if (queue_begin_ > queue_.size() / 2) {
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(queue_begin_));
        queue_begin_ = 0;
    }
    watch();
    count_buffers();
}

/// At the end of the turn: what was completed within the turn never counts as held.
void Stream::count_buffers() {
    if (state_ == State::closed) return;
    const std::size_t unread = bytes_queued() > 0 ? queue_.capacity() : 0;
    buffers_.hold((state_ == State::open ? unfinished_bytes() : 0) + unread, is_trusted_);
}

void Stream::close_softly(std::string_view reason) {
    closed_by_us_ = true;  // even if it already ended in this turn: then on_ended is no longer called
    if (state_ != State::open) return;
    log::debug("{}: closing: {}", peer_, reason);
    state_ = State::flushing;
    place_.closing();
    reading_ = true;
    loop_.post([release = release_later()] {});
    close_limit_.emplace(loop_);
    close_limit_->after(kCloseLimitMs, [this] { finish(); });
    if (!flush_asked_) {
        flush_asked_ = true;
        reactor_.at_turn_end(shared_from_this());
    }
    watch();
}

void Stream::end(Error reason) {
    if (state_ == State::closed) return;
    bool report = state_ == State::open;
    finish();
    if (!report) return;
    loop_.post([this, release = release_later(), reason = std::move(reason)] {
        if (!closed_by_us_) on_ended(reason);
    });
}

/// Keeps the stream alive until the posted call is destroyed, run or not.
std::shared_ptr<void> Stream::release_later() {
    return {nullptr, [self = shared_from_this()](void*) { self->on_released(); }};
}

void Stream::on_loop_end() {
    state_ = State::closed;
    registered_ = false;
    close_limit_.reset();
    on_released();
}

void Stream::finish() {
    state_ = State::closed;
    Bytes{}.swap(queue_);
    queue_begin_ = 0;
    auto self = shared_from_this();  // the reactor's may be the last reference
    if (registered_) reactor_.remove(fd_.get());
    registered_ = false;
    fd_.reset();
    place_.leave();
    buffers_.hold(0);
    if (close_limit_) close_limit_->cancel();
}

}  // namespace hp::net
