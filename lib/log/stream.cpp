#include "log/stream.hpp"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <system_error>
#include <utility>

namespace hp::log {
namespace {

/// How often a waiting writer checks whether to give up.
constexpr int kLookMs = 50;

}  // namespace

Stream Stream::to_stderr() { return Stream{STDERR_FILENO}; }

Result<Stream> Stream::to_file(const std::string& path) {
    // O_NONBLOCK only for open(2): a FIFO without a reader is an error (ENXIO), not something to wait for.
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (fd >= 0) ::fcntl(fd, F_SETFL, O_APPEND);
    if (fd < 0)
        return fail(
            Errc::io,
            fmt::format("cannot open the log file '{}': {}", path, std::generic_category().message(errno)),
            "does its directory exist, and may this user write there?");
    return Stream{fd};
}

Stream::Stream(Stream&& other) noexcept : fd_{std::exchange(other.fd_, -1)}, is_torn_{other.is_torn_} {}

Stream::~Stream() {
    if (fd_ >= 0 && fd_ != STDERR_FILENO) ::close(fd_);
}

bool Stream::wait_for_room(const std::atomic<bool>& gives_up) const {
    for (;;) {
        const bool is_last = gives_up;
        pollfd polled{fd_, POLLOUT, 0};
        // A pipe without a reader is POLLERR: write(2) says why.
        if (::poll(&polled, 1, is_last ? 0 : kLookMs) > 0) return true;
        if (is_last) return false;
    }
}

bool Stream::write(std::string line, const std::atomic<bool>& gives_up) {
    if (is_torn_) line.insert(line.begin(), '\n');
    std::string_view rest{line};
    while (!rest.empty()) {
        if (!wait_for_room(gives_up)) break;
        // A pipe that poll(2) calls writable takes PIPE_BUF bytes at once.
        const ssize_t put = ::write(fd_, rest.data(), std::min<std::size_t>(rest.size(), PIPE_BUF));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) break;
        rest.remove_prefix(static_cast<std::size_t>(put));
    }
    if (rest.size() < line.size()) is_torn_ = !rest.empty();
    return rest.empty();
}

}  // namespace hp::log
