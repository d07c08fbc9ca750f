// A kernel lock on a file of its own, beside the file that it guards. It goes with its process, however that
// ends; what the file says is who holds it.
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

    /// At once or not at all. `what` is locked, as the error calls it: "database '/x/outbox.db'".
    static Result<FileLock> take(const std::string& lock_path, const std::string& what);
    /// For the one service of a file that tools use beside it, as hp-wallet the wallet of hp-proxy: links in
    /// the path are followed, so that one file has one lock.
    static Result<FileLock> take_service(const std::string& path, const std::string& what);

  private:
    int fd_{-1};
};

}  // namespace hp::store
