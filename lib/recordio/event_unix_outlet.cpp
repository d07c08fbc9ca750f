// Records to a Unix socket, whose listener may be absent, leave and come back.
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "crypto/random.hpp"
#include "log/log.hpp"
#include "net/fd.hpp"
#include "net/frames.hpp"
#include "net/unix_address.hpp"
#include "recordio/event_outlet.hpp"

namespace hp::recordio {
namespace {

constexpr std::int64_t kSlowRetryMs = 20;
constexpr std::int64_t kFirstDialMs = 100, kDialMsMax = 5'000;
/// Whole records in one write, so that few are truncated when the reader dies.
constexpr std::size_t kWriteBytes = 64 * 1024;

class UnixOutlet final : public EventOutlet {
  public:
    UnixOutlet(net::Loop& loop, RecordQueue& queue, const std::string& path)
        : queue_{queue}, path_{path}, address_{*net::unix_address(path)}, pause_{loop} {}

    void drain() override {
        if (pause_.is_on() || (!fd_ && !dial())) return;
        while (!queue_.is_empty()) {
            const auto next = queue_.front(kWriteBytes, unix_ms_now());
            const auto sent = ::send(fd_.get(), next.data(), next.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) {
                queue_.taken(static_cast<std::size_t>(sent));
            } else if (errno == EAGAIN) {
                return wait(kSlowRetryMs);
            } else if (errno != EINTR) {
                return lose("the collector is gone", errno);
            }
        }
    }

    void flush(std::int64_t limit_ms) override {
        const SteadyMs end = steady_ms_now() + limit_ms;
        for (;;) {
            pause_.end();
            drain();
            // Do not wait for an absent collector.
            if (!fd_ || queue_.is_empty() || steady_ms_now() >= end) return;
            pollfd waiting{fd_.get(), POLLOUT, 0};
            ::poll(&waiting, 1, static_cast<int>(kSlowRetryMs));
        }
    }

  private:
    bool dial() {
        net::Fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        // EAGAIN: the listener's queue is full.
        if (!fd || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address_), sizeof address_) != 0) {
            lose("cannot connect", errno);
            return false;
        }
        fd_ = std::move(fd);
        backoff_.reset();
        is_told_ = false;
        log::info("events: connected to unix:{}", path_);
        return true;
    }
    void lose(const char* what, int number) {
        fd_.reset();
        queue_.rewind();
        if (!std::exchange(is_told_, true))
            log::warn(
                "events: unix:{}: {}: {}; records wait, and the oldest are dropped if there are too many",
                path_, what, std::strerror(number));
        wait(backoff_.next_ms(crypto::random_u32()));
    }
    void wait(std::int64_t ms) { pause_.begin(ms, *this); }

    RecordQueue& queue_;
    std::string path_;
    sockaddr_un address_;
    Pause pause_;
    net::Fd fd_;
    net::Backoff backoff_{kFirstDialMs, kDialMsMax};
    bool is_told_{false};
};

}  // namespace

std::unique_ptr<EventOutlet> open_unix_outlet(net::Loop& loop, RecordQueue& queue, const std::string& path) {
    return std::make_unique<UnixOutlet>(loop, queue, path);
}

}  // namespace hp::recordio
