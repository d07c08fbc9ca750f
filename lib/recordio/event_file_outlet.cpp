// Records to stdout, a file or a FIFO.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <climits>
#include <cstring>

#include "log/log.hpp"
#include "net/fd.hpp"
#include "recordio/event_outlet.hpp"

namespace hp::recordio {
namespace {

constexpr std::int64_t kPipeRetryMs = 20;
constexpr std::int64_t kFullRetryMs = 500;
/// A reader that reads nothing for this long is gone, or hangs.
constexpr SteadyMs kStalledMs = 5'000;

/// A file whose writer was killed may end in a partial line.
void end_half_line(const std::string& path, int fd) {
    const net::Fd reading{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    char last = '\n';
    const off_t end = ::lseek(reading.get(), 0, SEEK_END);
    if (end > 0 && ::pread(reading.get(), &last, 1, end - 1) == 1 && last != '\n')
        (void)!::write(fd, "\n", 1);  // if the disk does not accept this, it does not accept records either,
                                      // which is reported
}

bool is_disk_full(int number) { return number == ENOSPC || number == EDQUOT; }

class FileOutlet final : public EventOutlet {
  public:
    FileOutlet(net::Loop& loop, RecordQueue& queue, int fd, const std::string& target, bool is_pipe)
        : queue_{queue},
          pause_{loop},
          fd_{fd},
          is_stdout_{target == "-"},
          name_{is_stdout_ ? "stdout" : "'" + target + "'"},
          is_pipe_{is_pipe} {}
    ~FileOutlet() override {
        if (is_stdout_) fd_.release();
    }
    bool is_open() const override { return static_cast<bool>(fd_); }

    void drain() override {
        if (!fd_ || pause_.is_on()) return;
        while (!queue_.is_empty()) {
            // Several tools may share one pipe: writes of whole records up to PIPE_BUF never interleave.
            const auto next = queue_.front(is_pipe_ ? PIPE_BUF : SIZE_MAX, unix_ms_now());
            const auto written = ::write(fd_.get(), next.data(), next.size());
            if (written > 0) {
                queue_.taken(static_cast<std::size_t>(written));
                blocked_since_ms_.reset();
                if (std::exchange(is_stalled_, false)) log::info("events: {} has a reader again", name_);
                if (std::exchange(is_full_, false)) log::info("events: writable again");
            } else if (written < 0 && errno == EINTR) {
                continue;
            } else if (written < 0 && errno == EAGAIN) {
                look_for_stall();
                return wait(kPipeRetryMs);
            } else if (written < 0 && is_disk_full(errno)) {
                // It may have room again later; until then records wait, up to the limit.
                if (!std::exchange(is_full_, true))
                    log::warn("events: cannot write: {}; records wait for room", std::strerror(errno));
                return wait(kFullRetryMs);
            } else {
                // Events are not money: the service continues.
                if (errno == EPIPE)
                    log::warn(
                        "events: the reader of {} is gone, and cannot come back: no more events until this "
                        "program is started again with one; with unix:PATH the reader may come and go",
                        name_);
                else
                    log::warn("events: cannot write to {}: {}; no more events", name_, std::strerror(errno));
                if (is_stdout_) fd_.release();
                fd_.reset();
                return;
            }
        }
    }

    void flush(std::int64_t limit_ms) override {
        const SteadyMs end = steady_ms_now() + limit_ms;
        while (fd_) {
            pause_.end();
            drain();
            if (queue_.is_empty() || is_full_ || steady_ms_now() >= end) return;
            pollfd waiting{fd_.get(), POLLOUT, 0};
            ::poll(&waiting, 1, static_cast<int>(kPipeRetryMs));
        }
    }

  private:
    void wait(std::int64_t ms) { pause_.begin(ms, *this); }
    void look_for_stall() {
        const SteadyMs now = steady_ms_now();
        if (!blocked_since_ms_) blocked_since_ms_ = now;
        if (now - *blocked_since_ms_ < kStalledMs || std::exchange(is_stalled_, true)) return;
        log::warn(
            "events: nobody reads {}: records wait, and the oldest are dropped if there are too many; start "
            "its reader (hp-stats ingest)",
            name_);
    }

    RecordQueue& queue_;
    Pause pause_;
    net::Fd fd_;
    bool is_stdout_;
    std::string name_;  // for the log
    bool is_pipe_;
    bool is_full_{false};  // the disk, when it was last written to
    std::optional<SteadyMs> blocked_since_ms_;
    bool is_stalled_{false};
};

}  // namespace

Result<std::unique_ptr<EventOutlet>> open_file_outlet(net::Loop& loop, RecordQueue& queue,
                                                      const EventOptions& options) {
    const std::string& target = options.to;
    const bool is_stdout = target == "-";
    int fd = STDOUT_FILENO;
    if (is_stdout) {
        ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
    } else {
        // O_RDWR keeps a FIFO open without a reader, so that a reader may come and go.
        struct stat before {};
        const bool is_fifo = ::stat(target.c_str(), &before) == 0 && S_ISFIFO(before.st_mode);
        fd = ::open(target.c_str(),
                    (is_fifo ? O_RDWR : O_WRONLY | O_APPEND | O_CREAT) | O_CLOEXEC | O_NONBLOCK, 0644);
        if (fd < 0)
            return fail(Errc::io, "cannot open events target '" + target + "': " + std::strerror(errno));
    }
    struct stat status {};
    const bool is_pipe = ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
    if (!is_stdout && S_ISREG(status.st_mode) && options.layout == wire::RecordLayout::lines)
        end_half_line(target, fd);
    return std::make_unique<FileOutlet>(loop, queue, fd, target, is_pipe);
}

}  // namespace hp::recordio
