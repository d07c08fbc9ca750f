#include <sys/socket.h>

#include <cerrno>

#include "net/acceptor.hpp"
#include "recordio/record_intake.hpp"

namespace hp::recordio {
namespace {

/// Maximum bytes that a writer may have queued in its socket when we stop: net.core.wmem_max is far below.
constexpr std::size_t kLeftBytesMax = 8u << 20;

class UnixRecords;

class RecordSocket final : public net::Pollable, public std::enable_shared_from_this<RecordSocket> {
  public:
    RecordSocket(net::Loop& loop, net::Fd fd, UnixRecords& listener, std::string writer);
    void start() { reactor_.add(fd_.get(), EPOLLIN, shared_from_this()); }
    void on_ready(std::uint32_t) override {
        if (!read_some()) end("the writer closed the connection");
    }
    void end(const std::string& why);
    void pause(bool is_paused) {
        if (fd_) reactor_.modify(fd_.get(), is_paused ? 0U : std::uint32_t{EPOLLIN});
    }
    /// Takes what has arrived; nothing can arrive afterwards, and the writer keeps what it could not send.
    void stop() {
        ::shutdown(fd_.get(), SHUT_RD);
        for (std::size_t left = kLeftBytesMax; left > 0 && read_some();)
            left -= std::min(left, reactor_.read_buffer().size());
        end("stopping");
    }
    bool is_proven() const { return intake_.is_proven(); }

  private:
    /// False at the end of the stream.
    bool read_some() {
        const auto buffer = reactor_.read_buffer();
        const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
        if (got < 0) return errno == EAGAIN || errno == EINTR;
        if (got > 0) intake_.feed(buffer.first(static_cast<std::size_t>(got)));
        return got > 0;
    }

    net::Reactor& reactor_;
    net::Fd fd_;
    UnixRecords& listener_;
    RecordIntake intake_;
};

class UnixRecords final : public RecordListener {
  public:
    UnixRecords(net::Loop& loop, RecordLimits limits, OnRecord on_record)
        : loop_{loop}, limits_{limits}, on_record_{std::move(on_record)} {}
    ~UnixRecords() override { stop(); }

    Result<> listen(const std::string& path) {
        HP_TRY(acceptor_, net::Acceptor::listen_unix(loop_, path, [this](net::Fd fd, const net::Address&) {
                   accept(std::move(fd));
               }));
        return {};
    }
    void pause(bool is_paused) override {
        is_paused_ = is_paused;
        for (const auto& socket : sockets_) socket->pause(is_paused);
    }
    void stop() override {
        if (acceptor_) acceptor_->stop();
        while (!sockets_.empty()) sockets_.front()->stop();
    }

    const RecordLimits& limits() const { return limits_; }
    const OnRecord& on_record() const { return on_record_; }
    void gone(RecordSocket* socket) {
        std::erase_if(sockets_, [&](const auto& known) { return known.get() == socket; });
    }

  private:
    void accept(net::Fd fd) {
        ucred peer{};
        socklen_t size = sizeof peer;
        (void)::getsockopt(fd.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size);
        auto writer = "pid " + std::to_string(peer.pid) + ", uid " + std::to_string(peer.uid);
        if (sockets_.size() >= limits_.connections_max) {
            // Prefer programs that write records over idle connections.
            const auto silent =
                std::ranges::find_if(sockets_, [](const auto& one) { return !one->is_proven(); });
            full_log_("{}: {} open connections: limit reached; closing {}", writer, sockets_.size(),
                      silent == sockets_.end() ? "it" : "one that sent no record");
            if (silent == sockets_.end()) return;
            (*silent)->end("displaced by another connection");
        }
        sockets_.push_back(std::make_shared<RecordSocket>(loop_, std::move(fd), *this, std::move(writer)));
        sockets_.back()->start();
        if (is_paused_) sockets_.back()->pause(true);
    }

    net::Loop& loop_;
    RecordLimits limits_;
    OnRecord on_record_;
    std::unique_ptr<net::Acceptor> acceptor_;
    std::vector<std::shared_ptr<RecordSocket>> sockets_;  // the oldest first
    bool is_paused_{false};
    log::Limited full_log_{log::Level::warn};
};

RecordSocket::RecordSocket(net::Loop& loop, net::Fd fd, UnixRecords& listener, std::string writer)
    : reactor_{net::reactor_of(loop)},
      fd_{std::move(fd)},
      listener_{listener},
      intake_{loop, listener.limits(), std::move(writer), listener.on_record(),
              [this] { end("a record was not completed in time"); }} {}

void RecordSocket::end(const std::string& why) {
    if (!fd_) return;
    const auto self = shared_from_this();
    intake_.finish();
    log::debug("records: {}: {}", intake_.writer(), why);
    reactor_.remove(fd_.get());
    fd_.reset();
    listener_.gone(this);
}

}  // namespace

Result<std::unique_ptr<RecordListener>> RecordListener::listen_unix(net::Loop& loop, const std::string& path,
                                                                    RecordLimits limits, OnRecord on_record) {
    auto listener = std::make_unique<UnixRecords>(loop, limits, std::move(on_record));
    HP_DO(listener->listen(path));
    return listener;
}

}  // namespace hp::recordio
