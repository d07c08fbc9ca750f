// One TCP connection: reads, a bounded send queue written once per turn, and an orderly end. FrameConnection
// and LineConnection are this plus framing. Internal to this room.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/crash_point.hpp"
#include "net/guard.hpp"
#include "net/loop.hpp"
#include "net/reactor.hpp"

namespace hp::net {

class Stream : public Pollable, public Droppable, public std::enable_shared_from_this<Stream> {
  public:
    ~Stream() override;
    void on_ready(std::uint32_t events) final;
    void on_turn_end() final;
    void on_loop_end() final;
    void drop(const Error& why) final { end(why); }

  protected:
    /// An empty place: we dialled, so the peer is trusted.
    Stream(Loop& loop, Fd fd, std::string peer, std::size_t queue_bytes_max, Place place);

    /// The bytes of one read. May end or close the stream.
    virtual void on_bytes(ByteView bytes) = 0;
    /// The stream ended for a reason other than close(): once, in its own turn.
    virtual void on_ended(const Error& reason) = 0;
    /// Nothing will be delivered any more: release the handler, which may hold this stream. In its own turn,
    /// or when the loop is destroyed.
    virtual void on_released() = 0;
    /// The queue exceeded its limit.
    virtual void on_too_slow() = 0;
    /// Bytes of memory held by incomplete input.
    virtual std::size_t unfinished_bytes() const = 0;

    /// At most this in one turn: one peer's burst must not delay the others.
    void bound_reads(std::size_t bytes_max) { read_bytes_max_ = bytes_max; }
    void start_reading();
    /// The send queue, to append to; then call queued().
    Bytes& queue() { return queue_; }
    void queued();
    /// Writes what is queued (for up to 2 s), then closes; delivers nothing from now on.
    void close_softly(std::string_view reason);
    /// Closes at once and reports `reason` through on_ended.
    void end(Error reason);
    /// Writes now what the socket accepts.
    void flush();
    bool open() const { return state_ == State::open; }
    /// What the peer has proven. False if there is no place left for it; then the caller closes it. It cannot
    /// be undone.
    bool stands(Standing standing) {
        if (standing <= standing_) return true;
        if (!place_.move(standing)) return false;
        standing_ = standing;
        return true;
    }
    /// The peer is known: its buffers count, but it is not closed to free buffers for others.
    void trust() { is_trusted_ = true; }
    std::size_t bytes_queued() const { return queue_.size() - queue_begin_; }
    const std::string& peer_text() const { return peer_; }
    Loop& loop() { return loop_; }

  private:
    enum class State {
        open,
        flushing,  ///< close_softly: the queue is being written
        draining,  ///< our FIN is sent; reads and drops until the peer's, so that no RST overtakes our data
        closed,
    };
    void read();
    void watch();
    void finish();
    void count_buffers();
    std::shared_ptr<void> release_later();

    Loop& loop_;
    Reactor& reactor_;
    Fd fd_;
    std::string peer_;
    std::size_t queue_bytes_max_;
    std::size_t read_bytes_max_{SIZE_MAX};
    Place place_;
    Standing standing_{Standing::stranger};
    bool is_trusted_;
    BufferShare buffers_;
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
