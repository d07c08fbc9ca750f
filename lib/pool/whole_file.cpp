#include "pool/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace hp::pool {
namespace {

tl::unexpected<Error> whole_file_error(const std::string& what, const std::string& path) {
    return fail(Errc::io, what + " '" + path + "': " + std::strerror(errno));
}

/// Writes all of it, and syncs.
bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const ssize_t written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return ::fsync(fd) == 0;
}

}  // namespace

Result<> sync_folder_of(const std::string& path) {
    const auto folder = std::filesystem::path(path).parent_path();
    const int directory = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return whole_file_error("cannot open", folder);
    const bool is_synced = ::fsync(directory) == 0;
    ::close(directory);
    return is_synced ? Result<>{} : whole_file_error("cannot sync", folder);
}

Result<> write_whole_file(const std::string& path, std::string_view content) {
    const std::string fresh = path + ".new";
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return whole_file_error("cannot write", fresh);
    const bool is_written = write_all(fd, content);
    const int saved = errno;
    ::close(fd);
    errno = saved;
    if (!is_written || ::rename(fresh.c_str(), path.c_str()) != 0) {
        auto error = whole_file_error("cannot write", path);
        ::unlink(fresh.c_str());
        return error;
    }
    return sync_folder_of(path);
}

}  // namespace hp::pool
