#include "pool/refused_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <mutex>
#include <utility>

#include "log/log.hpp"

namespace hp::pool {
namespace {

constexpr std::chrono::seconds kStopWait{1};

/// Appends whole lines; an error is a text.
class Appender {
  public:
    Appender(std::string path, std::size_t bytes_max) : path_{std::move(path)}, bytes_max_{bytes_max} {}
    ~Appender() { close(); }
    Appender(const Appender&) = delete;
    Appender& operator=(const Appender&) = delete;

    std::string append(const std::string& line) {
        if (auto why = make_room(line.size()); !why.empty()) return why;
        const ssize_t written = ::write(fd_, line.data(), line.size());
        if (written == static_cast<ssize_t>(line.size())) {
            size_ += line.size();
            return {};
        }
        std::string why = written < 0 ? std::strerror(errno) : "the disk is full";
        // A partial line would spoil the next one too.
        if (written > 0 && ::ftruncate(fd_, static_cast<off_t>(size_)) != 0)
            size_ += static_cast<std::size_t>(written);
        return why;
    }

  private:
    std::string make_room(std::size_t bytes) {
        if (fd_ < 0)
            if (auto why = open(); !why.empty()) return why;
        if (size_ == 0 || size_ + bytes <= bytes_max_) return {};
        close();
        if (std::rename(path_.c_str(), older_refused_file(path_).c_str()) != 0) return std::strerror(errno);
        return open();
    }
    std::string open() {
        // O_NONBLOCK: opening a FIFO without a reader must not wait for one.
        fd_ =
            ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        struct stat now {};
        if (fd_ < 0) return std::strerror(errno);
        std::string why;
        if (::fstat(fd_, &now) != 0)
            why = std::strerror(errno);
        else if (!S_ISREG(now.st_mode))
            why = "not a regular file";
        if (!why.empty()) close();
        size_ = static_cast<std::size_t>(now.st_size);
        return why;
    }
    void close() {
        if (fd_ >= 0) ::close(std::exchange(fd_, -1));
    }
    const std::string path_;
    const std::size_t bytes_max_;
    int fd_{-1};
    std::size_t size_{0};
};

}  // namespace

std::string older_refused_file(const std::string& path) { return path + ".1"; }

struct RefusedFile::Work {
    std::string name;
    Append append;
    std::mutex mutex;  // of what follows
    std::condition_variable changed;
    std::deque<mining::RefusedShare> waiting;
    std::uint64_t left_out{0};
    bool is_stopping{false}, is_left{false}, has_ended{false};
};

RefusedFile::RefusedFile(const std::string& path, std::size_t bytes_max)
    : RefusedFile{path, [file = std::make_shared<Appender>(path, bytes_max)](const std::string& line) {
                      return file->append(line);
                  }} {}

RefusedFile::RefusedFile(std::string name, Append append) : work_{std::make_shared<Work>()} {
    work_->name = std::move(name);
    work_->append = std::move(append);
    thread_ = std::thread{[work = work_] { run(*work); }};
}

RefusedFile::~RefusedFile() {
    std::unique_lock lock{work_->mutex};
    work_->is_stopping = true;
    work_->changed.notify_all();
    work_->is_left = !work_->changed.wait_for(lock, kStopWait, [this] { return work_->has_ended; });
    const bool is_left = work_->is_left;
    lock.unlock();
    is_left ? thread_.detach() : thread_.join();
}

void RefusedFile::add(mining::RefusedShare share) {
    {
        std::lock_guard lock{work_->mutex};
        if (work_->waiting.size() >= kWaitingMax) {
            ++work_->left_out;
            return;
        }
        work_->waiting.push_back(std::move(share));
    }
    work_->changed.notify_one();
}

std::uint64_t RefusedFile::left_out() const {
    std::lock_guard lock{work_->mutex};
    return work_->left_out;
}

void RefusedFile::run(Work& work) {
    log::Limited warn{log::Level::warn}, info{log::Level::info};
    bool is_failing = false;
    std::unique_lock lock{work.mutex};
    while (true) {
        work.changed.wait(lock, [&] { return work.is_stopping || !work.waiting.empty(); });
        if (work.waiting.empty()) break;
        const auto share = std::move(work.waiting.front());
        work.waiting.pop_front();
        lock.unlock();
        const std::string why = work.append(mining::line_of(share) + "\n");
        lock.lock();
        if (work.is_left) return;  // the process ends: no log, no more writes
        if (!why.empty()) ++work.left_out;
        const bool was_failing = std::exchange(is_failing, !why.empty());
        if (was_failing == is_failing) continue;
        if (is_failing)
            warn("refused shares are not kept: '{}': {}", work.name, why);
        else
            info("refused shares are kept again");
    }
    work.has_ended = true;
    work.changed.notify_all();
}

}  // namespace hp::pool
