// A socket and its Noise session without a loop: used by both ends of the share benchmark, so that neither
// costs more than recv, AEAD and send.
#pragma once
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "bench/failure.hpp"
#include "noise/transport.hpp"
#include "sv2/frame.hpp"

namespace hp::bench {

class SealedSocket {
  public:
    SealedSocket(int fd, noise::TransportKeys session)
        : fd_{fd}, sealing_{session.send}, opener_{session.receive} {}
    SealedSocket(const SealedSocket&) = delete;
    SealedSocket& operator=(const SealedSocket&) = delete;
    ~SealedSocket() { ::close(fd_); }

    int fd() const { return fd_; }

    /// One recv into the opener. False: no data (on a non-blocking socket).
    bool receive(std::span<std::uint8_t> scratch) {
        const ssize_t got = ::recv(fd_, scratch.data(), scratch.size(), 0);
        if (got < 0 && (errno == EAGAIN || errno == EINTR)) return false;
        if (got <= 0) throw Failure(got == 0 ? "the peer closed a connection" : std::strerror(errno));
        opener_.feed(scratch.first(static_cast<std::size_t>(got)));
        return true;
    }
    /// The next whole frame of what was received, valid until the next call.
    std::optional<sv2::FrameView> next() {
        auto frame = expect(opener_.next());
        if (!frame) return std::nullopt;
        return expect(sv2::split_frame(*frame));
    }
    template <sv2::Message M>
    void queue(const M& message) {
        plain_.clear();
        sv2::append_frame(plain_, message);
        noise::seal_frame(sealing_, plain_, out_);
    }
    /// One send of everything queued. A full kernel buffer is a failure: the benchmark's few hundred bytes
    /// always fit.
    void send() {
        if (out_.empty()) return;
        const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(out_.size())) throw Failure("a socket's send buffer is full");
        out_.clear();
    }

  private:
    int fd_;
    noise::CipherState sealing_;
    noise::FrameOpener opener_;
    Bytes plain_, out_;
};

}  // namespace hp::bench
