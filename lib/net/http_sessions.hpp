// The connections of an HTTP server, without the listener, which passes them in. Internal to this room, and
// for the fuzz target, whose connections are socket pairs.
#pragma once
#include "net/address.hpp"
#include "net/http.hpp"

namespace hp::net {

class HttpSessions {
  public:
    HttpSessions(Loop& loop, HttpLimits limits, bool cors, HttpServer::Handler handler, std::uint16_t port);
    /// Answers its requests until either side closes. `fd` does not block.
    void serve(Fd fd, const Address& peer) const;
    std::size_t open() const;
    /// Open ones finish their current request.
    void stop();

  private:
    struct Shared;
    class Connection;
    Loop& loop_;
    std::shared_ptr<Shared> shared_;
};

}  // namespace hp::net
