// One TCP connection: reads, a bounded send queue that leaves in one write a turn, and an orderly end.
// FrameConnection and LineConnection are this plus a framing. Internal to this room.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/crash_point.hpp"
#include "net/loop.hpp"
#include "net/reactor.hpp"

namespace hp::net {

/// Counts something for as long as its copies live: a connection's place under a limit.
using Slot = std::shared_ptr<void>;
Slot take_slot(const std::shared_ptr<std::size_t>& count);

class Stream : public Pollable, public std::enable_shared_from_this<Stream> {
  public:
    ~Stream() override;
    void on_ready(std::uint32_t events) final;
    void on_turn_end() final;
    void on_loop_end() final;

  protected:
    Stream(Loop& loop, Fd fd, std::string peer, std::size_t queue_bytes_max, Slot slot);

    /// What one read brought. May end or close the stream.
    virtual void on_bytes(ByteView bytes) = 0;
    /// The stream ended for a reason that is not close(): once, in a turn of its own.
    virtual void on_ended(const Error& reason) = 0;
    /// Nothing will be delivered any more: let go of the handler, which may hold this stream. In a turn of
    /// its own, or at the loop's end.
    virtual void on_released() = 0;
    /// The queue grew above its limit.
    virtual void on_too_slow() = 0;

    /// No more than this in one turn: one peer's burst is not to hold up the others.
    void bound_reads(std::size_t bytes_max) { read_bytes_max_ = bytes_max; }
    void start_reading();
    /// The send queue, to append to; then say queued().
    Bytes& queue() { return queue_; }
    void queued();
    /// Writes what is queued (for up to 2 s), then closes; nothing is delivered from now on.
    void close_softly(std::string_view reason);
    /// Closes at once and reports `reason` by on_ended.
    void end(Error reason);
    /// Writes what the socket takes now.
    void flush();
    bool open() const { return state_ == State::open; }
    std::size_t bytes_queued() const { return queue_.size() - queue_begin_; }
    const std::string& peer_text() const { return peer_; }
    Loop& loop() { return loop_; }

  private:
    enum class State {
        open,
        flushing,  ///< close_softly: the queue is being written
        draining,  ///< our FIN is sent; reading and dropping until the peer's, so that no RST overtakes our
                   ///< data
        closed,
    };
    void read();
    void watch();
    void finish();
    std::shared_ptr<void> release_later();

    Loop& loop_;
    Reactor& reactor_;
    Fd fd_;
    std::string peer_;
    std::size_t queue_bytes_max_;
    std::size_t read_bytes_max_{SIZE_MAX};
    Slot slot_;
    Bytes queue_;
    std::size_t queue_begin_{0};
    State state_{State::open};
    bool registered_{false};
    bool reading_{false};
    bool delivering_{false};
    bool flush_asked_{false};
    bool closed_by_us_{false};
    std::optional<Timer> close_limit_;
#ifdef HP_CRASH_POINTS
    crash::Writes crash_writes_;
#endif
};

}  // namespace hp::net
