// A kernel lock on a separate file beside the one it guards. It is released with its process, however that
// ends; the file's text names the holder.
#pragma once
#include <string>
#include <utility>

#include "base/result.hpp"

namespace hp::store {

class FileLock {
  public:
    FileLock() = default;
    FileLock(FileLock&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    FileLock& operator=(FileLock&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~FileLock();

    /// Does not wait. `what` is locked, for the error: "database '/x/outbox.db'".
    static Result<FileLock> take(const std::string& lock_path, const std::string& what);
    /// For the single service of a file that tools also use, such as hp-proxy's wallet (hp-wallet): follows
    /// links in the path, so that one file has one lock.
    static Result<FileLock> take_service(const std::string& path, const std::string& what);

  private:
    int fd_{-1};
};

}  // namespace hp::store
