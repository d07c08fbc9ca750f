// LD_PRELOAD: a disk that is full, or fails, when a test says so.
//
//   HP_DISK_DIR=/path HP_DISK_SWITCH=/path/of/a/file LD_PRELOAD=libfull_disk.so hp-pool --config-dir d
//
// While the switch file holds "full", whatever makes files below the directory grow or change gives ENOSPC.
// While it holds "fsync", the next fsync there gives EIO, and the file is emptied: once, as a kernel reports
// it.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

template <class Function>
Function next(const char* name) {
    return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

enum class Fault { none, full, fsync };

const char* switch_file() {
    static const char* const path = std::getenv("HP_DISK_SWITCH");
    return path;
}

Fault fault() {
    static const auto real_open = next<int (*)(const char*, int, ...)>("open");
    const char* path = switch_file();
    const int fd = path ? real_open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return Fault::none;
    char word[8]{};
    const ssize_t size = ::read(fd, word, sizeof word - 1);
    ::close(fd);
    if (size <= 0) return Fault::none;
    return std::strncmp(word, "full", 4) == 0    ? Fault::full
           : std::strncmp(word, "fsync", 5) == 0 ? Fault::fsync
                                                 : Fault::none;
}

bool is_below(const char* path) {
    static const char* const directory = std::getenv("HP_DISK_DIR");
    static const std::size_t size = directory ? std::strlen(directory) : 0;
    return size > 0 && std::strncmp(path, directory, size) == 0 && (path[size] == '/' || path[size] == '\0');
}
bool is_there(int fd) {
    char name[32];
    char path[PATH_MAX]{};
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return ::readlink(name, path, sizeof path - 1) > 0 && is_below(path);
}

/// Whether the call fails, with its errno set.
bool has_no_space(int fd) {
    if (fault() != Fault::full || !is_there(fd)) return false;
    errno = ENOSPC;
    return true;
}
bool does_not_sync(int fd) {
    if (fault() != Fault::fsync || !is_there(fd)) return false;
    if (::truncate(switch_file(), 0) != 0) std::abort();
    errno = EIO;
    return true;
}

}  // namespace

#define HP_WRITING(result, name, parameters, arguments)             \
    extern "C" result name parameters {                             \
        static const auto real = next<result(*) parameters>(#name); \
        return has_no_space(fd) ? result{-1} : real arguments;      \
    }

HP_WRITING(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size))
HP_WRITING(ssize_t, pwrite, (int fd, const void* data, size_t size, off_t at), (fd, data, size, at))
HP_WRITING(ssize_t, pwrite64, (int fd, const void* data, size_t size, off64_t at), (fd, data, size, at))
HP_WRITING(ssize_t, writev, (int fd, const iovec* parts, int count), (fd, parts, count))
HP_WRITING(ssize_t, pwritev, (int fd, const iovec* parts, int count, off_t at), (fd, parts, count, at))
HP_WRITING(int, fallocate, (int fd, int mode, off_t at, off_t size), (fd, mode, at, size))

// A file that gets shorter needs no space.
extern "C" int ftruncate(int fd, off_t size) {
    static const auto real = next<int (*)(int, off_t)>("ftruncate");
    return size > ::lseek(fd, 0, SEEK_END) && has_no_space(fd) ? -1 : real(fd, size);
}
extern "C" int ftruncate64(int fd, off64_t size) { return ftruncate(fd, size); }

// These report an error instead of setting errno.
extern "C" int posix_fallocate(int fd, off_t at, off_t size) {
    static const auto real = next<int (*)(int, off_t, off_t)>("posix_fallocate");
    return has_no_space(fd) ? ENOSPC : real(fd, at, size);
}
extern "C" int posix_fallocate64(int fd, off64_t at, off64_t size) { return posix_fallocate(fd, at, size); }

extern "C" int fsync(int fd) {
    static const auto real = next<int (*)(int)>("fsync");
    return does_not_sync(fd) ? -1 : real(fd);
}
extern "C" int fdatasync(int fd) {
    static const auto real = next<int (*)(int)>("fdatasync");
    return does_not_sync(fd) ? -1 : real(fd);
}
