#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "config/load.hpp"
#include "config/parse.hpp"

namespace hp::config {
namespace {

const char* kind_of(mode_t mode) {
    if (S_ISDIR(mode)) return "is a directory";
    if (S_ISFIFO(mode)) return "is a pipe";
    if (S_ISSOCK(mode)) return "is a socket";
    return "is a device";
}

/// Reads one byte more than the limit, to notice a file that grows meanwhile.
Result<std::string> read_open(int fd) {
    struct stat info {};
    if (::fstat(fd, &info) != 0) return fail(Errc::io, std::generic_category().message(errno));
    if (!S_ISREG(info.st_mode)) return fail(Errc::io, kind_of(info.st_mode));
    std::string text(kFileSizeMax + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return fail(Errc::io, std::generic_category().message(errno));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > kFileSizeMax) return fail(Errc::io, "is larger than 1 MiB");
    if (size == 0) return fail(Errc::io, "is empty");
    text.resize(size);
    return text;
}

}  // namespace

Result<std::string> read_config_file(const std::string& path) {
    // O_NONBLOCK: opening a FIFO without a writer must not wait for one.
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        std::string why = std::generic_category().message(errno);
        if (!why.empty() && why[0] >= 'A' && why[0] <= 'Z') why[0] = static_cast<char>(why[0] - 'A' + 'a');
        return fail(Errc::io, "cannot be read: " + why);
    }
    auto text = read_open(fd);
    ::close(fd);
    if (!text) return fail(Errc::io, "cannot be read: " + text.error().what);
    return text;
}

}  // namespace hp::config
