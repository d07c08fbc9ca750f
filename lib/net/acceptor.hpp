// A listening socket: accepts all waiting connections, never blocks on one peer, and backs off when
// descriptors run out. For rooms with their own sockets.
#pragma once
#include "log/log.hpp"
#include "net/address.hpp"
#include "net/loop.hpp"
#include "net/reactor.hpp"

namespace hp::net {

class Acceptor {
  public:
    /// Must not throw; runs inside the accept loop.
    using OnConnection = std::function<void(Fd, const Address& peer)>;
    /// Errors: "cannot listen on 127.0.0.1:3336: address in use".
    static Result<std::unique_ptr<Acceptor>> listen(Loop& loop, const Endpoint& endpoint, OnConnection call);
    /// A Unix socket of mode 0660, created here and removed by stop(). Replaces the leftover of a killed
    /// listener; a live one, or anything else at the path, is an error.
    static Result<std::unique_ptr<Acceptor>> listen_unix(Loop& loop, const std::string& path,
                                                         OnConnection call);
    ~Acceptor();
    /// With port 0, the port chosen by the kernel; still valid after stop().
    Endpoint bound() const;
    void stop();

  private:
    struct Socket;
    explicit Acceptor(std::shared_ptr<Socket> socket);
    std::shared_ptr<Socket> socket_;
};

}  // namespace hp::net
