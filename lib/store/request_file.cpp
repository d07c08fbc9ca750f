#include "store/request_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/bytes.hpp"

namespace hp::store {
namespace {

constexpr std::size_t kRequestSizeMax = 1 << 20;

Error request_error(const std::string& what, const std::string& path) {
    return {Errc::io, what + " '" + path + "': " + std::strerror(errno), {}};
}

/// Closes with its scope.
struct RequestFile {
    int fd;
    ~RequestFile() {
        if (fd >= 0) ::close(fd);
    }
};

}  // namespace

Result<> leave_request(const std::string& path, const std::string& text, const char* daemon) {
    if (text.size() > kRequestSizeMax)
        return fail(Errc::usage, "the request has " + std::to_string(text.size()) + " bytes, more than 1 MiB",
                    "split it into several");
    const std::string making = path + ".new-" + std::to_string(::getpid());
    {
        RequestFile file{::open(making.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600)};
        if (file.fd < 0) return fail(request_error("cannot create", making));
        const bool is_written =
            ::write(file.fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
        if (!is_written || ::fsync(file.fd) != 0) {
            auto error = request_error("cannot write", making);
            ::unlink(making.c_str());
            return fail(error);
        }
    }
    const bool is_there = ::link(making.c_str(), path.c_str()) == 0;
    const int number = errno;
    ::unlink(making.c_str());
    if (is_there) return {};
    if (number == EEXIST)
        return fail(Errc::refused, "another request waits in '" + path + "'",
                    "is " + std::string(daemon) + " running?");
    errno = number;
    return fail(request_error("cannot create", path));
}

Result<std::optional<std::string>> find_request(const std::string& path) {
    RequestFile file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
    if (file.fd < 0) {
        if (errno == ENOENT) return std::nullopt;
        return fail(request_error("cannot open", path));
    }
    struct stat info {};
    if (::fstat(file.fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != ::geteuid() ||
        info.st_size > static_cast<off_t>(kRequestSizeMax))
        return fail(Errc::refused, "'" + path + "' is not our file, or is larger than 1 MiB");
    std::string text(static_cast<std::size_t>(info.st_size), '\0');
    if (::read(file.fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        return fail(request_error("cannot read", path));
    return std::optional{std::move(text)};
}

Result<> remove_request(const std::string& path) {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return fail(request_error("cannot remove", path));
    return {};
}

}  // namespace hp::store
