// A frame connection without a socket: what a test says goes to the handler, what the handler sends is kept.
#pragma once
#include <doctest/doctest.h>

#include <optional>
#include <string>
#include <vector>

#include "net/frames.hpp"
#include "sv2/frame.hpp"

namespace hp::test {

struct FakeFrames : net::FrameConnection {
    std::shared_ptr<net::FrameHandler> handler;
    std::vector<Bytes> frames;
    std::optional<std::string> closed;
    std::string address;
    Bytes32 hash{};
    net::Standing standing{net::Standing::stranger};
    bool has_room{true};    ///< what prove() answers
    std::size_t queued{0};  ///< what the peer has not read

    explicit FakeFrames(std::string peer) : address{std::move(peer)} {}
    void set_handler(std::shared_ptr<net::FrameHandler> to) override { handler = std::move(to); }
    void send(ByteView frame) override { frames.emplace_back(frame.begin(), frame.end()); }
    void close(std::string_view reason) override { closed = reason; }
    void flush() override {}
    bool is_open() const override { return !closed; }
    const Bytes32& handshake_hash() const override { return hash; }
    const std::string& peer() const override { return address; }
    std::size_t queued_bytes() const override { return queued; }
    bool prove(net::Standing to) override {
        if (has_room) standing = std::max(standing, to);
        return has_room;
    }
    void trust() override {}
    void limit_payloads(noise::FrameOpener::PayloadLimit) override {}

    template <sv2::Message M>
    void say(const M& message, std::span<const sv2::Tlv> tlvs = {}) {
        if (closed) return;
        handler->on_frame(sv2::encode_frame(message, tlvs));
        if (!closed) handler->on_read_done();
    }
    void hang_up() {
        closed = "gone";
        std::exchange(handler, nullptr)->on_close({Errc::io, "the peer closed the connection"});
    }
    /// All messages of a kind that were sent, in order.
    template <sv2::Message M>
    std::vector<M> all() const {
        std::vector<M> out;
        for (const auto& bytes : frames) {
            auto frame = sv2::split_frame(bytes);
            REQUIRE(frame);
            if (!frame->is<M>()) continue;
            auto message = sv2::decode<M>(frame->payload);
            REQUIRE(message);
            out.push_back(*std::move(message));
        }
        return out;
    }
    template <sv2::Message M>
    M last() const {
        const auto found = all<M>();
        REQUIRE_FALSE(found.empty());
        return found.back();
    }
    template <sv2::Message M>
    std::size_t count() const {
        return all<M>().size();
    }
};

}  // namespace hp::test
