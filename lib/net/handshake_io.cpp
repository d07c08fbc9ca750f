#include "net/handshake_io.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace hp::net {

HandshakeIo::HandshakeIo(Loop& loop, Fd fd, std::size_t size)
    : loop_{loop}, reactor_{reactor_of(loop)}, fd_{std::move(fd)}, bytes_(size), limit_{loop} {}

void HandshakeIo::start(std::int64_t limit_ms) {
    reactor_.add(fd_.get(), EPOLLIN, shared_from_this());
    limit_.after(limit_ms, [this, limit_ms] {
        fail_with({Errc::timeout,
                   "the handshake did not finish within " + std::to_string(limit_ms) + " ms (" +
                       std::to_string(have_) + " of " + std::to_string(bytes_.size()) + " bytes received)",
                   {}});
    });
}

void HandshakeIo::cancel() {
    auto self = shared_from_this();
    limit_.cancel();
    if (fd_) reactor_.remove(fd_.get());
    fd_.reset();
}

Fd HandshakeIo::take_fd() {
    limit_.cancel();
    reactor_.remove(fd_.get());
    return std::move(fd_);
}

void HandshakeIo::fail_with(Error reason) {
    auto self = shared_from_this();
    if (!fd_) return;
    cancel();
    on_failed(reason);
}

void HandshakeIo::answer_in_clear(std::string_view text) {
    (void)send_whole(as_bytes(text));
    ::shutdown(fd_.get(), SHUT_WR);
    // Unread bytes would turn the close into a reset, which may overtake the answer.
    std::array<std::uint8_t, 4096> dropped;
    for (int i = 0; i < 4 && ::recv(fd_.get(), dropped.data(), dropped.size(), MSG_DONTWAIT) > 0; ++i)
        continue;
}

bool HandshakeIo::send_whole(ByteView bytes) {
    ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent == static_cast<ssize_t>(bytes.size());
}

void HandshakeIo::on_ready(std::uint32_t) {
    // Read no byte more than this act: what follows belongs to the session.
    ssize_t got = ::recv(fd_.get(), bytes_.data() + have_, bytes_.size() - have_, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < 0) return fail_with({Errc::io, std::string("connection lost: ") + std::strerror(errno), {}});
    if (got == 0) return fail_with({Errc::io, "the peer closed the connection during the handshake", {}});
    have_ += static_cast<std::size_t>(got);
    ByteView so_far{bytes_.data(), have_};
    if (auto ok = on_partial(so_far); !ok) return fail_with(ok.error());
    if (have_ == bytes_.size()) {
        limit_.cancel();
        reactor_.modify(fd_.get(), 0);
        on_whole(so_far);
    }
}

}  // namespace hp::net
