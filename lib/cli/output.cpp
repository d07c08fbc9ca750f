#include "cli/output.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <iostream>
#include <system_error>

#include "base/clock.hpp"

namespace hp::cli {

void hold_standard_descriptors() {
    constexpr const char* kStandIns[] = {"/dev/null", "/dev/full", "/dev/null"};
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
        if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            (void)::open(kStandIns[fd], fd == STDIN_FILENO ? O_RDONLY : O_WRONLY);
}

Result<> flush_stdout() {
    errno = 0;
    std::cout.flush();
    const bool is_flushed = std::fflush(stdout) == 0;
    // An earlier failed flush has dropped its bytes: only the stream's error flag shows it.
    if (is_flushed && std::ferror(stdout) == 0 && std::cout.good()) return {};
    const int number = errno;
    return fail(Errc::io, "cannot write to stdout" +
                              (number == 0 ? "" : ": " + std::generic_category().message(number)));
}

void last_words(std::string_view text) {
    constexpr std::int64_t kPatienceMs = 1000;
    static const SteadyMs until_ms = steady_ms_now() + kPatienceMs;
    while (!text.empty()) {
        const auto left_ms = std::max<std::int64_t>(until_ms - steady_ms_now(), 0);
        pollfd polled{STDERR_FILENO, POLLOUT, 0};
        const int ready = ::poll(&polled, 1, static_cast<int>(left_ms));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return;
        // A pipe that poll(2) calls writable takes PIPE_BUF bytes at once.
        const ssize_t put = ::write(STDERR_FILENO, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
        if (put < 0 && errno != EINTR) return;
        if (put > 0) text.remove_prefix(static_cast<std::size_t>(put));
    }
}

}  // namespace hp::cli
