#include "pool/refused_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "log/log.hpp"

namespace hp::pool {
namespace {

/// Appends whole lines; an error is a text.
class Appender {
  public:
    Appender(const std::string& path, std::size_t bytes_max) : path_{path}, bytes_max_{bytes_max} {}
    ~Appender() { close(); }

    std::string append(const std::string& lines) {
        if (fd_ >= 0 && size_ > 0 && size_ + lines.size() > bytes_max_) {
            close();
            if (std::rename(path_.c_str(), older_refused_file(path_).c_str()) != 0)
                return std::strerror(errno);
        }
        if (fd_ < 0) {
            fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
            struct stat now {};
            if (fd_ < 0 || ::fstat(fd_, &now) != 0) return std::strerror(errno);
            size_ = static_cast<std::size_t>(now.st_size);
        }
        const ssize_t written = ::write(fd_, lines.data(), lines.size());
        if (written == static_cast<ssize_t>(lines.size())) {
            size_ += lines.size();
            return {};
        }
        const std::string why = written < 0 ? std::strerror(errno) : "the disk is full";
        // Half a line would spoil the next one too.
        if (written > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0)
            size_ += static_cast<std::size_t>(written);
        return why;
    }

  private:
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    const std::string& path_;
    std::size_t bytes_max_;
    int fd_{-1};
    std::size_t size_{0};
};

}  // namespace

std::string older_refused_file(const std::string& path) { return path + ".1"; }

RefusedFile::RefusedFile(std::string path, std::size_t bytes_max)
    : path_{std::move(path)}, bytes_max_{bytes_max} {
    thread_ = std::thread{[this] { run(); }};
}

RefusedFile::~RefusedFile() {
    {
        std::lock_guard lock{mutex_};
        is_stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void RefusedFile::add(mining::RefusedShare share) {
    {
        std::lock_guard lock{mutex_};
        if (waiting_.size() >= kWaitingMax) {
            ++left_out_;
            return;
        }
        waiting_.push_back(std::move(share));
    }
    changed_.notify_one();
}

void RefusedFile::run() {
    Appender file{path_, bytes_max_};
    std::string trouble;
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return is_stopping_ || !waiting_.empty(); });
        if (waiting_.empty()) return;
        const auto shares = std::exchange(waiting_, {});
        lock.unlock();
        for (const auto& share : shares) {
            const std::string why = file.append(mining::line_of(share) + "\n");
            if (!why.empty() && trouble.empty())
                log::warn("refused shares are not kept: '{}': {}", path_, why);
            else if (why.empty() && !trouble.empty())
                log::info("refused shares are kept again");
            trouble = why;
        }
        lock.lock();
    }
}

}  // namespace hp::pool
