#include "cli/output.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <iostream>
#include <system_error>

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
    // A flush that failed before has thrown its bytes away: only the stream remembers.
    if (is_flushed && std::ferror(stdout) == 0 && std::cout.good()) return {};
    const int number = errno;
    return fail(Errc::io, "cannot write to stdout" +
                              (number == 0 ? "" : ": " + std::generic_category().message(number)));
}

}  // namespace hp::cli
