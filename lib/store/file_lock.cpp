#include "store/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "base/bytes.hpp"

namespace hp::store {
namespace {

constexpr std::size_t kHolderSizeMax = 200;

Error lock_error(const std::string& what, const std::string& path, int number) {
    return {Errc::io, what + " '" + path + "': " + std::generic_category().message(number), {}};
}

/// "hp-pool, process 1234", as written by the holder; empty if it did not.
std::string holder_of(int fd) {
    char text[kHolderSizeMax];
    const ssize_t size = ::pread(fd, text, sizeof text, 0);
    const std::string_view all{text, size > 0 ? static_cast<std::size_t>(size) : 0};
    return printable(all.substr(0, all.find('\n')), kHolderSizeMax);
}

void write_holder(int fd) {
    const std::string text =
        std::string(program_invocation_short_name) + ", process " + std::to_string(::getpid()) + "\n";
    // On a full disk the lock still works; only its error says less.
    if (::ftruncate(fd, 0) == 0) (void)!::pwrite(fd, text.data(), text.size(), 0);
}

}  // namespace

FileLock::~FileLock() {
    if (fd_ >= 0) ::close(fd_);
}

Result<FileLock> FileLock::take(const std::string& lock_path, const std::string& what) {
    FileLock lock;
    lock.fd_ = ::open(lock_path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (lock.fd_ < 0) return fail(lock_error("cannot open", lock_path, errno));
    if (::flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return fail(lock_error("cannot lock", lock_path, errno));
        const std::string holder = holder_of(lock.fd_);
        return fail(Errc::io,
                    what + " is already in use by another process" + (holder.empty() ? "" : ": " + holder),
                    "stop the other process, or configure another database");
    }
    write_holder(lock.fd_);
    return lock;
}

Result<FileLock> FileLock::take_service(const std::string& path, const std::string& what) {
    namespace fs = std::filesystem;
    std::error_code error;
    const fs::path real = fs::weakly_canonical(fs::absolute(path, error), error);
    if (error) return fail(lock_error("cannot open", path, error.value()));
    if (!fs::is_directory(real.parent_path(), error))
        return fail(Errc::io,
                    "cannot open " + what + ": there is no directory '" + real.parent_path().string() + "'");
    return take(real.string() + ".service.lock", what);
}

}  // namespace hp::store
