#include "net/event_sink.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "log/log.hpp"
#include "wire/records.hpp"

namespace hp::net {
namespace {

constexpr std::size_t kQueueBytesMax = 4u << 20;
constexpr std::int64_t kRetryMs = 20;
constexpr std::int64_t kFullRetryMs = 500;

bool is_disk_full(int number) { return number == ENOSPC || number == EDQUOT; }

}  // namespace

Result<std::unique_ptr<EventSink>> EventSink::open(Loop& loop, const std::string& target,
                                                   std::string source) {
    if (target.empty())
        return std::unique_ptr<EventSink>(new EventSink(loop, -1, false, false, std::move(source)));
    int fd = STDOUT_FILENO;
    if (target != "-") {
        // O_RDWR keeps a FIFO open without a reader, so that a reader may come and go.
        struct stat before {};
        bool is_fifo = ::stat(target.c_str(), &before) == 0 && S_ISFIFO(before.st_mode);
        fd = ::open(target.c_str(),
                    (is_fifo ? O_RDWR : O_WRONLY | O_APPEND | O_CREAT) | O_CLOEXEC | O_NONBLOCK, 0644);
        if (fd < 0)
            return fail(Errc::io, "cannot open events target '" + target + "': " + std::strerror(errno));
    } else {
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    }
    struct stat status {};
    bool is_pipe = ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
    return std::unique_ptr<EventSink>(new EventSink(loop, fd, target != "-", is_pipe, std::move(source)));
}

EventSink::~EventSink() {
    *alive_ = false;
    if (own_ && fd_ >= 0) ::close(fd_);
}

void EventSink::write(std::string_view record_line) {
    if (fd_ < 0) return;
    if (queue_.size() - written_ + record_line.size() > kQueueBytesMax) {
        ++dropped_;
        return;
    }
    queue_.append(record_line);
    if (scheduled_) return;
    scheduled_ = true;
    loop_.post([this, alive = alive_] {
        if (*alive) drain();
    });
}

/// How much to write at once. Several tools may share one pipe: writes of whole lines up to PIPE_BUF never
/// mix.
std::size_t EventSink::chunk_size() const {
    std::size_t left = queue_.size() - written_;
    if (!is_pipe_ || left <= PIPE_BUF) return left;
    auto last = queue_.rfind('\n', written_ + PIPE_BUF - 1);
    if (last == std::string::npos || last < written_) return queue_.find('\n', written_) + 1 - written_;
    return last + 1 - written_;
}

void EventSink::drain() {
    scheduled_ = false;
    while (written_ < queue_.size()) {
        auto n = ::write(fd_, queue_.data() + written_, chunk_size());
        if (n > 0) {
            written_ += static_cast<std::size_t>(n);
            if (std::exchange(is_full_, false)) log::info("events: can be written again");
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            scheduled_ = true;
            retry_.after(kRetryMs, [this] { drain(); });
            break;
        } else if (n < 0 && is_disk_full(errno)) {
            // It may have room again; until then records wait, up to the bound.
            if (!std::exchange(is_full_, true))
                log::warn("events: cannot write: {}; they wait for room", std::strerror(errno));
            scheduled_ = true;
            retry_.after(kFullRetryMs, [this] { drain(); });
            return;
        } else {
            // The reader is gone (EPIPE): events are not money, the service goes on.
            log::warn("events: cannot write: {}; no more events", std::strerror(errno));
            fd_ = -1;
            break;
        }
    }
    if (written_ < queue_.size()) return;
    queue_.clear();
    written_ = 0;
    // The reader takes records again: it must know that some are missing.
    if (dropped_ == dropped_told_ || fd_ < 0) return;
    queue_ =
        wire::Record("events_dropped", source_, unix_ms_now()).add("count", dropped_ - dropped_told_).line();
    dropped_told_ = dropped_;
    drain();
}

void EventSink::flush(std::int64_t limit_ms) {
    auto end = steady_ms_now() + limit_ms;
    while (fd_ >= 0) {
        drain();
        if (queue_.empty() || is_full_ || steady_ms_now() >= end) return;
        pollfd waiting{fd_, POLLOUT, 0};
        ::poll(&waiting, 1, static_cast<int>(kRetryMs));
    }
}

}  // namespace hp::net
