#include "net/acceptor.hpp"

#include <netinet/in.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "net/unix_address.hpp"

namespace hp::net {

namespace {
constexpr int kBacklog = 4096;  // capped by the kernel at net.core.somaxconn
/// Only members of the socket's group may connect.
constexpr mode_t kUnixMode = 0660;
constexpr int kAcceptsPerTurn = 64;
constexpr std::int64_t kBackoffMs = 100;
constexpr std::int64_t kLogEveryMs = 10'000;

/// Which file it is; nothing for anything but a socket.
using Inode = std::pair<dev_t, ino_t>;
std::optional<Inode> inode_at(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0 || !S_ISSOCK(status.st_mode)) return {};
    return Inode{status.st_dev, status.st_ino};
}
}  // namespace

struct Acceptor::Socket : Pollable, std::enable_shared_from_this<Acceptor::Socket> {
    Socket(Loop& loop, Fd fd_, std::string name_, OnConnection call_)
        : reactor{reactor_of(loop)},
          fd{std::move(fd_)},
          name{std::move(name_)},
          call{std::move(call_)},
          again{loop} {}

    void on_ready(std::uint32_t) override {
        for (int i = 0; i < kAcceptsPerTurn && fd; ++i) {
            Address peer;
            peer.size = sizeof peer.storage;
            Fd accepted{::accept4(fd.get(), reinterpret_cast<sockaddr*>(&peer.storage), &peer.size,
                                  SOCK_NONBLOCK | SOCK_CLOEXEC)};
            if (accepted) {
                set_stream_options(accepted.get());
                call(std::move(accepted), peer);
            } else if (errno == EAGAIN) {
                return;
            } else if (errno != EINTR && errno != ECONNABORTED && errno != EPROTO) {
                return back_off(errno);
            }
        }
    }

    /// Out of descriptors or memory: the waiting connection stays in the kernel's queue and would wake us at
    /// once.
    void back_off(int number) {
        if (SteadyMs now = steady_ms_now(); now - last_log_ms >= kLogEveryMs) {
            last_log_ms = now;
            log::warn("{}: cannot accept connections: {}; trying again", name, std::strerror(number));
        }
        reactor.modify(fd.get(), 0);
        again.after(kBackoffMs, [this] { reactor.modify(fd.get(), EPOLLIN); });
    }

    void stop() {
        if (!fd) return;
        again.cancel();
        reactor.remove(fd.get());
        fd.reset();
        if (!unix_path.empty() && inode_at(unix_path) == inode) (void)::unlink(unix_path.c_str());
    }

    Reactor& reactor;
    Fd fd;
    std::string name;
    Endpoint endpoint{};
    std::string unix_path{};
    Inode inode{};
    OnConnection call;
    Timer again;
    SteadyMs last_log_ms{-kLogEveryMs};
};

Result<std::unique_ptr<Acceptor>> Acceptor::listen(Loop& loop, const Endpoint& endpoint, OnConnection call) {
    auto failed = [&](std::string why, std::string hint = {}) {
        return fail(Errc::io, "cannot listen on " + endpoint.text() + ": " + why, std::move(hint));
    };
    auto addresses = resolve_now(endpoint);
    if (!addresses) return failed(addresses.error().what, addresses.error().hint);
    // A name with several addresses listens on the first that this machine has.
    int number = EADDRNOTAVAIL;
    for (const Address& address : *addresses) {
        Fd fd{::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
        number = errno;
        if (!fd) continue;
        int on = 1;
        (void)::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        Address name;
        name.size = sizeof name.storage;
        if (::bind(fd.get(), address.get(), address.size) == 0 && ::listen(fd.get(), kBacklog) == 0 &&
            ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&name.storage), &name.size) == 0) {
            auto socket = std::make_shared<Socket>(loop, std::move(fd), name.text(), std::move(call));
            socket->endpoint = name.endpoint();
            socket->reactor.add(socket->fd.get(), EPOLLIN, socket);
            return std::unique_ptr<Acceptor>(new Acceptor(std::move(socket)));
        }
        number = errno;
        if (number != EADDRNOTAVAIL) break;
    }
    switch (number) {
        case EADDRINUSE:
            return failed("address in use", "another program listens there; choose another port, or 0");
        case EACCES:
            return failed("permission denied", "ports below 1024 need privileges");
        case EADDRNOTAVAIL:
            return failed("this machine does not have the address", "0.0.0.0 means all of them");
        default:
            return failed(std::strerror(number));
    }
}

Result<std::unique_ptr<Acceptor>> Acceptor::listen_unix(Loop& loop, const std::string& path,
                                                        OnConnection call) {
    HP_TRY(const auto address, unix_address(path));
    const auto failed = [&](const char* why) {
        return fail(Errc::io, "cannot listen on unix:" + printable(path, 4096) + ": " + why);
    };
    const auto make_socket = [] {
        return Fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    };
    const auto* name = reinterpret_cast<const sockaddr*>(&address);
    Fd fd = make_socket();
    if (!fd) return failed(std::strerror(errno));
    int number = ::bind(fd.get(), name, sizeof address) == 0 ? 0 : errno;
    if (number == EADDRINUSE) {
        if (!inode_at(path)) return failed("the path exists and is not a socket");
        const Fd probe = make_socket();
        if (::connect(probe.get(), name, sizeof address) == 0 || errno != ECONNREFUSED)
            return failed("another program listens there");
        (void)::unlink(path.c_str());
        number = ::bind(fd.get(), name, sizeof address) == 0 ? 0 : errno;
    }
    if (number != 0) return failed(std::strerror(number));
    // The umask was applied; nobody can connect before listen().
    if (::chmod(path.c_str(), kUnixMode) != 0 || ::listen(fd.get(), kBacklog) != 0)
        return failed(std::strerror(errno));
    auto socket = std::make_shared<Socket>(loop, std::move(fd), "unix:" + path, std::move(call));
    socket->unix_path = path;
    socket->inode = inode_at(path).value_or(Inode{});
    socket->reactor.add(socket->fd.get(), EPOLLIN, socket);
    return std::unique_ptr<Acceptor>(new Acceptor(std::move(socket)));
}

Acceptor::Acceptor(std::shared_ptr<Socket> socket) : socket_{std::move(socket)} {}
Acceptor::~Acceptor() { stop(); }
Endpoint Acceptor::bound() const { return socket_->endpoint; }
void Acceptor::stop() { socket_->stop(); }

}  // namespace hp::net
