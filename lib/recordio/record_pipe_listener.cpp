#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "log/log.hpp"
#include "net/reactor.hpp"
#include "recordio/record_intake.hpp"

namespace hp::recordio {
namespace {

/// Maximum bytes that writers may have queued in a pipe when we stop.
constexpr std::size_t kPipeLeftBytesMax = 8u << 20;

/// A pipe has no disconnects: a partial record counts as damaged when the next one comes, or at the end.
class PipeSource final : public net::Pollable, public std::enable_shared_from_this<PipeSource> {
  public:
    PipeSource(net::Loop& loop, net::Fd fd, RecordLimits limits, RecordListener::OnRecord on_record)
        : reactor_{net::reactor_of(loop)},
          fd_{std::move(fd)},
          intake_{loop, limits, {}, std::move(on_record), [] {}} {}
    void start() { reactor_.add(fd_.get(), EPOLLIN, shared_from_this()); }
    void on_ready(std::uint32_t) override {
        if (!read_some()) end();
    }
    void pause(bool is_paused) {
        if (fd_) reactor_.modify(fd_.get(), is_paused ? 0U : std::uint32_t{EPOLLIN});
    }
    void stop() {
        for (std::size_t left = kPipeLeftBytesMax; left > 0 && has_input() && read_some();)
            left -= std::min(left, reactor_.read_buffer().size());
        end();
    }

  private:
    bool has_input() const {
        pollfd waiting{fd_.get(), POLLIN, 0};
        return fd_ && ::poll(&waiting, 1, 0) > 0 && (waiting.revents & POLLIN) != 0;
    }
    /// False at the end.
    bool read_some() {
        const auto buffer = reactor_.read_buffer();
        const ssize_t got = ::read(fd_.get(), buffer.data(), buffer.size());
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got > 0) intake_.feed(buffer.first(static_cast<std::size_t>(got)));
        return got > 0;
    }
    void end() {
        if (!fd_) return;
        const auto self = shared_from_this();
        intake_.finish();
        reactor_.remove(fd_.get());
        fd_.reset();
    }

    net::Reactor& reactor_;
    net::Fd fd_;
    RecordIntake intake_;
};

class PipeRecords final : public RecordListener {
  public:
    explicit PipeRecords(std::shared_ptr<PipeSource> source) : source_{std::move(source)} {}
    ~PipeRecords() override { stop(); }
    void pause(bool is_paused) override { source_->pause(is_paused); }
    void stop() override { source_->stop(); }

  private:
    std::shared_ptr<PipeSource> source_;
};

}  // namespace

Result<std::unique_ptr<RecordListener>> RecordListener::read_pipe(net::Loop& loop, const std::string& path,
                                                                  RecordLimits limits, OnRecord on_record) {
    const std::string name = path == "-" ? "stdin" : "'" + printable(path, 4096) + "'";
    // With our own write end open, a FIFO has no EOF between two writers, and opening does not wait for one.
    net::Fd fd{path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                           : ::open(path.c_str(), O_RDWR | O_CLOEXEC)};
    if (!fd) return fail(Errc::io, "cannot open " + name + ": " + std::strerror(errno));
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0 || !(S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode)))
        return fail(Errc::usage, name + " is not a pipe, and only a pipe can be read alongside connections");
    auto source = std::make_shared<PipeSource>(loop, std::move(fd), limits, std::move(on_record));
    source->start();
    return std::make_unique<PipeRecords>(std::move(source));
}

}  // namespace hp::recordio
