// The transport phase of a frame connection, for both sides. Internal to this room.
#pragma once
#include "net/frames.hpp"
#include "net/stream.hpp"

namespace hp::net {

class FrameSocket final : public Stream, public FrameConnection {
  public:
    FrameSocket(Loop& loop, Fd fd, std::string peer, const FrameLimits& limits, noise::TransportKeys session,
                Place place, std::shared_ptr<FrameCounters> counters);

    void set_handler(std::shared_ptr<FrameHandler> handler) override;
    void send(ByteView frame) override;
    void close(std::string_view reason) override { close_softly(reason); }
    void flush() override { Stream::flush(); }
    bool is_open() const override { return open(); }
    const Bytes32& handshake_hash() const override { return handshake_hash_; }
    const std::string& peer() const override { return peer_text(); }
    std::size_t queued_bytes() const override { return bytes_queued(); }
    bool prove(Standing standing) override { return stands(standing); }
    void trust() override { Stream::trust(); }
    void limit_payloads(noise::FrameOpener::PayloadLimit limit) override { opener_.set_limit(limit); }

  private:
    void on_bytes(ByteView bytes) override;
    void on_ended(const Error& reason) override;
    void on_released() override {
        handler_.reset();
        stall_.reset();
    }
    void on_too_slow() override { ++counters_->dropped_slow; }
    std::size_t unfinished_bytes() const override { return opener_.held_bytes(); }
    void watch_for_stall(bool whole_frame_came);

    std::shared_ptr<FrameHandler> handler_;
    noise::CipherState sealing_;
    noise::FrameOpener opener_;
    Bytes32 handshake_hash_;
    std::int64_t frame_limit_ms_;
    std::shared_ptr<FrameCounters> counters_;
    std::uint64_t received_bytes_{0};  // ciphertext fed to the opener
    std::uint64_t opened_bytes_{0};    // of which whole frames
    std::optional<Timer> stall_;       // runs while a frame is incomplete
};

}  // namespace hp::net
