#include "net/frame_socket.hpp"

namespace hp::net {

FrameSocket::FrameSocket(Loop& loop, Fd fd, std::string peer, const FrameLimits& limits,
                         noise::TransportKeys session, Place place, std::shared_ptr<FrameCounters> counters)
    : Stream{loop, std::move(fd), std::move(peer), limits.send_queue_bytes_max, std::move(place)},
      sealing_{session.send},
      opener_{session.receive, limits.payload_limit},
      handshake_hash_{session.handshake_hash},
      frame_limit_ms_{limits.frame_ms},
      counters_{std::move(counters)} {}

void FrameSocket::set_handler(std::shared_ptr<FrameHandler> handler) {
    HP_ASSERT(handler);
    if (!open()) return;
    handler_ = std::move(handler);
    start_reading();
}

void FrameSocket::send(ByteView frame) {
    if (!open()) return;
    noise::seal_frame(sealing_, frame, queue());
    queued();
}

void FrameSocket::on_bytes(ByteView bytes) {
    auto handler = handler_;  // it may close us, or be replaced, during the call
    received_bytes_ += bytes.size();
    opener_.feed(bytes);
    bool any = false;
    while (open()) {
        auto frame = opener_.next();
        if (!frame) {
            ++counters_->bad_mac;
            return end(frame.error());
        }
        if (!*frame) break;
        any = true;
        opened_bytes_ +=
            noise::kSealedHeaderSize + noise::sealed_payload_size((*frame)->size() - noise::kHeaderSize);
        handler->on_frame(**frame);
        if (handler != handler_ && handler_) handler = handler_;
    }
    if (any && open()) handler->on_read_done();
    if (open()) watch_for_stall(any);
}

/// A frame that has begun must be completed: a peer must not keep a partial one for ever.
void FrameSocket::watch_for_stall(bool whole_frame_came) {
    if (received_bytes_ == opened_bytes_) {
        stall_.reset();
    } else if (whole_frame_came || !stall_) {
        stall_.emplace(loop());
        stall_->after(frame_limit_ms_, [this] {
            end({Errc::timeout,
                 "a frame was not completed within " + std::to_string(frame_limit_ms_) + " ms",
                 {}});
        });
    }
}

void FrameSocket::on_ended(const Error& reason) {
    stall_.reset();
    if (handler_) handler_->on_close(reason);
}

}  // namespace hp::net
