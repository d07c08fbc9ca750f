// Loopback tests: a loop that runs until something holds (with a deadline, never a sleep), a loop on a thread
// of its own, and a blocking raw socket to misbehave with.
#pragma once
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>

#include "net/loop.hpp"

namespace hp::test {

inline constexpr std::int64_t kDeadlineMs = 10'000;

/// Runs the loop until `holds()`; false when the deadline came first.
inline bool run_until(net::Loop& loop, const std::function<bool()>& holds,
                      std::int64_t limit_ms = kDeadlineMs) {
    if (holds()) return true;
    bool held = false;
    net::Timer check{loop}, limit{loop};
    check.every(1, [&] {
        held = holds();
        if (held) loop.stop();
    });
    limit.after(limit_ms, [&] { loop.stop(); });
    loop.run();
    return held;
}

/// A loop that runs on its own thread from start() to the end of the test.
class LoopThread {
  public:
    net::Loop& loop() { return loop_; }
    void start() {
        thread_ = std::thread{[this] { loop_.run(); }};
    }
    void stop() {
        if (!thread_.joinable()) return;
        loop_.stop();
        thread_.join();
    }
    ~LoopThread() { stop(); }

  private:
    net::Loop loop_;
    std::thread thread_;
};

class RawSocket {
  public:
    explicit RawSocket(const net::Endpoint& endpoint, int receive_buffer = 0) {
        fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        timeval limit{kDeadlineMs / 1000, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        if (receive_buffer > 0)
            ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(endpoint.port);
        ::inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
        REQUIRE(::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    RawSocket(RawSocket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    ~RawSocket() {
        if (fd_ >= 0) ::close(fd_);
    }
    bool send(std::string_view text) const {
        while (!text.empty()) {
            ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    /// Up to `size` bytes; less when the peer closes (or resets) before.
    std::string read(std::size_t size) const {
        std::string out(size, '\0');
        std::size_t have = 0;
        while (have < size) {
            ssize_t got = ::recv(fd_, out.data() + have, size - have, 0);
            if (got < 0) timed_out_ = errno == EAGAIN;
            if (got <= 0) break;
            have += static_cast<std::size_t>(got);
        }
        out.resize(have);
        return out;
    }
    std::string read_until(std::string_view mark) const {
        std::string out;
        while (out.find(mark) == std::string::npos) {
            std::string more = read(1);
            if (more.empty()) break;
            out += more;
        }
        return out;
    }
    /// All bytes until the peer closes; false when it did not within the deadline.
    bool closes() const {
        rest_.clear();
        timed_out_ = false;
        while (true) {
            std::string more = read(4096);
            rest_ += more;
            if (more.size() < 4096) return !timed_out_;
        }
    }
    const std::string& rest() const { return rest_; }
    void half_close() const { ::shutdown(fd_, SHUT_WR); }

  private:
    int fd_{-1};
    mutable bool timed_out_{false};
    mutable std::string rest_;
};

inline net::Endpoint any_port() { return {"127.0.0.1", 0}; }
inline bool has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace hp::test
