// One act of a handshake: exactly N bytes within a deadline. Internal to this room.
#pragma once
#include "net/loop.hpp"
#include "net/reactor.hpp"

namespace hp::net {

class HandshakeIo : public Pollable, public std::enable_shared_from_this<HandshakeIo> {
  public:
    /// Starts reading; the reactor then keeps this object alive until it is done or cancelled.
    void start(std::int64_t limit_ms);
    void cancel();
    void on_ready(std::uint32_t events) final;

  protected:
    HandshakeIo(Loop& loop, Fd fd, std::size_t size);
    /// All bytes are there, and nothing more is read. Called once; the descriptor may be taken with
    /// take_fd(), now or later. They are valid as long as this object.
    virtual void on_whole(ByteView bytes) = 0;
    /// Bytes so far, after each read. An error ends it.
    virtual Result<> on_partial(ByteView) { return {}; }
    /// Called once instead of on_whole.
    virtual void on_failed(const Error& reason) = 0;
    /// Answers a peer that speaks another protocol, as far as the socket accepts. The handshake fails
    /// afterwards.
    void answer_in_clear(std::string_view text);
    /// Sends an act; a fresh socket accepts all of it.
    bool send_whole(ByteView bytes);
    /// Stops reading and hands over the descriptor.
    Fd take_fd();
    Loop& loop() { return loop_; }
    bool is_over() const { return !fd_; }

  private:
    void fail_with(Error reason);

    Loop& loop_;
    Reactor& reactor_;
    Fd fd_;
    Bytes bytes_;
    std::size_t have_{0};
    Timer limit_;
};

}  // namespace hp::net
