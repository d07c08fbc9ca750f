#include "vfs_shim.hpp"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <string>

#include "vfs_disk.hpp"

namespace hp::crash {
namespace {

sqlite3_vfs* real = nullptr;
sqlite3_vfs shim{};

std::string file_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The content of sqlite3_file for a file on a Disk; the system's own file follows it.
struct File {
    sqlite3_file base;
    Disk* disk;
    Disk::InodePtr* inode;
    std::string* name;
    /// The system's VFS syncs the directory with the first sync of a journal or a log.
    bool syncs_directory;
    sqlite3_file* below;
};
constexpr std::size_t kBelowAt = (sizeof(File) + 15) / 16 * 16;

File& file_in(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
sqlite3_file* below(sqlite3_file* file) { return file_in(file).below; }

int close_file(sqlite3_file* file) {
    File& f = file_in(file);
    int code = f.below->pMethods->xClose(f.below);
    delete f.inode;
    delete f.name;
    return code;
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
    File& f = file_in(file);
    if (auto verdict = f.disk->ask({Op::read, *f.name, offset, static_cast<std::size_t>(size)}); verdict.code)
        return verdict.code;
    return f.below->pMethods->xRead(f.below, to, size, offset);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
    File& f = file_in(file);
    auto verdict = f.disk->ask({Op::write, *f.name, offset, static_cast<std::size_t>(size)});
    std::size_t count = verdict.code ? verdict.done : static_cast<std::size_t>(size);
    if (count > 0) {
        int code = f.below->pMethods->xWrite(f.below, from, static_cast<int>(count), offset);
        if (code != SQLITE_OK) return code;
        f.disk->write(**f.inode, offset, {static_cast<const std::uint8_t*>(from), count});
    }
    return verdict.code;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
    File& f = file_in(file);
    if (auto verdict = f.disk->ask({Op::truncate, *f.name, size}); verdict.code) return verdict.code;
    int code = f.below->pMethods->xTruncate(f.below, size);
    if (code == SQLITE_OK) f.disk->truncate(**f.inode, size);
    return code;
}

int sync_file(sqlite3_file* file, int) {
    File& f = file_in(file);
    if (auto verdict = f.disk->ask({Op::sync, *f.name}); verdict.code) {
        f.disk->lose(**f.inode);
        return verdict.code;
    }
    f.disk->sync(**f.inode);
    if (!f.syncs_directory) return SQLITE_OK;
    if (auto verdict = f.disk->ask({Op::sync_directory, *f.name}); verdict.code) return verdict.code;
    f.disk->sync_directory();
    f.syncs_directory = false;
    return SQLITE_OK;
}

int file_size(sqlite3_file* f, sqlite3_int64* size) { return below(f)->pMethods->xFileSize(below(f), size); }
int lock_file(sqlite3_file* f, int level) { return below(f)->pMethods->xLock(below(f), level); }
int unlock_file(sqlite3_file* f, int level) { return below(f)->pMethods->xUnlock(below(f), level); }
int check_lock(sqlite3_file* f, int* out) { return below(f)->pMethods->xCheckReservedLock(below(f), out); }
int control_file(sqlite3_file* f, int op, void* argument) {
    return below(f)->pMethods->xFileControl(below(f), op, argument);
}
int sector_size(sqlite3_file* f) { return below(f)->pMethods->xSectorSize(below(f)); }
int characteristics(sqlite3_file* f) { return below(f)->pMethods->xDeviceCharacteristics(below(f)); }
// The wal-index is memory: nothing of it survives a power cut, and no Disk tracks it.
int shm_map(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
    return below(f)->pMethods->xShmMap(below(f), page, size, extend, out);
}
int shm_lock(sqlite3_file* f, int offset, int n, int flags) {
    return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
}
void shm_barrier(sqlite3_file* f) { below(f)->pMethods->xShmBarrier(below(f)); }
int shm_unmap(sqlite3_file* f, int remove) { return below(f)->pMethods->xShmUnmap(below(f), remove); }

/// Version 2: without memory mapping, every write passes here.
const sqlite3_io_methods kMethods = {
    2,         close_file,  read_file,  write_file,   truncate_file, sync_file,       file_size,
    lock_file, unlock_file, check_lock, control_file, sector_size,   characteristics, shm_map,
    shm_lock,  shm_barrier, shm_unmap,  nullptr,      nullptr};

int open_file(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
    constexpr int kTracked =
        SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;
    Disk* disk = name && (flags & kTracked) != 0 ? Disk::of(name) : nullptr;
    if (!disk) return real->xOpen(real, name, file, flags, out_flags);
    file->pMethods = nullptr;
    std::string own_name = file_of(name);
    bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
    auto inode = disk->find(own_name);
    if (!inode && creates)
        if (auto verdict = disk->ask({Op::create, own_name}); verdict.code) return verdict.code;
    auto* system_file = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kBelowAt);
    int code = real->xOpen(real, name, system_file, flags, out_flags);
    if (code != SQLITE_OK) {
        if (system_file->pMethods) system_file->pMethods->xClose(system_file);
        return code;
    }
    // Just created by open(2), or now.
    if (!inode) inode = disk->add(own_name);
    bool is_journal = (flags & SQLITE_OPEN_MAIN_DB) == 0;
    new (file) File{{&kMethods},
                    disk,
                    new Disk::InodePtr(std::move(inode)),
                    new std::string(std::move(own_name)),
                    creates&& is_journal,
                    system_file};
    return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* name, int sync_directory) {
    Disk* disk = Disk::of(name);
    if (!disk) return real->xDelete(real, name, sync_directory);
    std::string own_name = file_of(name);
    if (auto verdict = disk->ask({Op::remove, own_name}); verdict.code) return SQLITE_IOERR_DELETE;
    int code = real->xDelete(real, name, 0);
    if (code != SQLITE_OK) return code;
    disk->remove(own_name);
    if (!sync_directory) return SQLITE_OK;
    if (auto verdict = disk->ask({Op::sync_directory, own_name}); verdict.code) return SQLITE_IOERR_DIR_FSYNC;
    disk->sync_directory();
    return SQLITE_OK;
}

}  // namespace

void install_vfs_shim() {
    real = sqlite3_vfs_find(nullptr);
    shim = *real;
    shim.zName = "disk-model";
    shim.szOsFile = static_cast<int>(kBelowAt) + real->szOsFile;
    shim.xOpen = open_file;
    shim.xDelete = delete_file;
    sqlite3_vfs_register(&shim, 1);
}

}  // namespace hp::crash

// lib/store's own calls (it makes databases under another name, links, renames and syncs them) come here by
// the linker's --wrap.
extern "C" {
int __real_fsync(int fd);
int __real_link(const char* from, const char* to);
int __real_unlink(const char* path);
int __real_rename(const char* from, const char* to);

static int refuse(const hp::crash::Verdict& verdict) {
    errno = (verdict.code & 0xff) == SQLITE_FULL ? ENOSPC : EIO;
    return -1;
}

int __wrap_fsync(int fd) {
    using namespace hp::crash;
    char path[4096];
    auto size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
    if (size <= 0) return __real_fsync(fd);
    std::string name(path, static_cast<std::size_t>(size));
    if (Disk* disk = Disk::of(name + "/")) {
        if (auto verdict = disk->ask({Op::sync_directory, name}); verdict.code) return refuse(verdict);
        disk->sync_directory();
        return 0;
    }
    Disk* disk = Disk::of(name);
    auto inode = disk ? disk->find(file_of(name)) : nullptr;
    if (!inode) return __real_fsync(fd);
    if (auto verdict = disk->ask({Op::sync, name}); verdict.code) {
        disk->lose(*inode);
        return refuse(verdict);
    }
    disk->sync(*inode);
    return 0;
}

int __wrap_link(const char* from, const char* to) {
    using namespace hp::crash;
    Disk* disk = Disk::of(to);
    if (disk)
        if (auto verdict = disk->ask({Op::link, to}); verdict.code) return refuse(verdict);
    int result = __real_link(from, to);
    if (disk && result == 0) disk->link(file_of(from), file_of(to));
    return result;
}

int __wrap_unlink(const char* path) {
    using namespace hp::crash;
    Disk* disk = Disk::of(path);
    if (disk && disk->find(file_of(path)))
        if (auto verdict = disk->ask({Op::remove, path}); verdict.code) return refuse(verdict);
    int result = __real_unlink(path);
    if (disk && result == 0) disk->remove(file_of(path));
    return result;
}

int __wrap_rename(const char* from, const char* to) {
    using namespace hp::crash;
    Disk* disk = Disk::of(to);
    if (disk)
        if (auto verdict = disk->ask({Op::rename, to}); verdict.code) return refuse(verdict);
    int result = __real_rename(from, to);
    if (disk && result == 0) disk->rename(file_of(from), file_of(to));
    return result;
}
}
