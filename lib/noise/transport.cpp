#include "noise/transport.hpp"

#include "crypto/aead.hpp"

namespace hp::noise {
namespace {

using crypto::kTagSize;

constexpr std::uint16_t kChannelBit = 0x8000;
/// How much an empty buffer may keep. Thousands of idle connections have two each.
constexpr std::size_t kKeptCapacity = 1024;

std::size_t msg_length(ByteView header) {
    return static_cast<std::size_t>(header[3] | header[4] << 8 | header[5] << 16);
}

void empty(Bytes& bytes) {
    bytes.clear();
    if (bytes.capacity() > kKeptCapacity) bytes = Bytes{};
}

std::string hex_number(unsigned value) {
    ByteArray<2> big_endian;
    put_be(big_endian.data(), static_cast<std::uint16_t>(value));
    return "0x" + to_hex(value > 0xff ? ByteView{big_endian} : ByteView{big_endian}.last(1));
}

}  // namespace

void seal_frame(CipherState& cipher, ByteView frame, Bytes& out) {
    HP_ASSERT(frame.size() >= kHeaderSize);
    const ByteView payload = frame.subspan(kHeaderSize);
    HP_ASSERT(msg_length(frame) == payload.size());

    const std::size_t start = out.size();
    out.resize(start + kSealedHeaderSize + sealed_payload_size(payload.size()));
    std::span<std::uint8_t> room = std::span{out}.subspan(start);
    // 2^64 chunks never happen; if they did, a nonce must not be reused.
    const auto seal_one = [&](ByteView plaintext) {
        const bool sealed = seal(cipher, room, plaintext);
        HP_ASSERT(sealed);
        room = room.subspan(plaintext.size() + kTagSize);
    };
    seal_one(frame.first(kHeaderSize));
    for (std::size_t at = 0; at < payload.size(); at += kChunkPlainMax)
        seal_one(payload.subspan(at, std::min(kChunkPlainMax, payload.size() - at)));
}

void FrameOpener::feed(ByteView bytes) {
    if (fault_) return;  // A dead session must not keep filling memory.
    if (begin_ == buffer_.size()) {
        buffer_.clear();
        begin_ = 0;
    } else if (begin_ >= buffer_.size() / 2) {
        // Moves fewer bytes than were opened since the last move, so all moves together are linear.
        buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(begin_));
        begin_ = 0;
    }
    // Grow by a quarter: doubling would let a peer occupy twice what it sent.
    const std::size_t needed = buffer_.size() + bytes.size();
    if (needed > buffer_.capacity())
        buffer_.reserve(std::max(needed, buffer_.capacity() + buffer_.capacity() / 4));
    append(buffer_, bytes);
}

Result<std::optional<ByteView>> FrameOpener::next() {
    if (fault_) return fail(*fault_);
    if (frame_size_ != 0 && frame_.size() == frame_size_) {  // The last call's frame was taken.
        empty(frame_);
        frame_size_ = 0;
    }
    if (frame_size_ == 0) {
        if (pending().size() < kSealedHeaderSize) return std::nullopt;
        HP_DO(open_header());
    }
    while (frame_.size() < frame_size_) {
        const std::size_t plain_size = std::min(kChunkPlainMax, frame_size_ - frame_.size());
        if (pending().size() < plain_size + kTagSize) break;
        HP_DO(open_chunk(plain_size));
    }
    if (begin_ == buffer_.size()) {
        empty(buffer_);
        begin_ = 0;
    }
    if (frame_.size() < frame_size_) return std::nullopt;
    return ByteView{frame_};
}

Result<> FrameOpener::open_header() {
    ByteArray<kHeaderSize> header;
    if (!open(cipher_, header, pending().first(kSealedHeaderSize)))
        return end_session({Errc::protocol, "noise: a frame header's tag is wrong"});
    begin_ += kSealedHeaderSize;

    const auto extension_type =
        static_cast<std::uint16_t>(get_le<std::uint16_t>(header.data()) & ~kChannelBit);
    const std::uint8_t msg_type = header[2];
    const std::size_t payload_size = msg_length(header);
    const std::size_t limit = limit_ ? limit_(extension_type, msg_type) : kPayloadMax;
    if (payload_size > limit)
        return end_session({Errc::protocol, "message type " + hex_number(msg_type) + " of extension " +
                                                hex_number(extension_type) + " announces " +
                                                std::to_string(payload_size) + " bytes, at most " +
                                                std::to_string(limit) + " are allowed"});
    frame_.assign(header.begin(), header.end());
    frame_size_ = kHeaderSize + payload_size;
    return {};
}

Result<> FrameOpener::open_chunk(std::size_t plain_size) {
    const std::size_t at = frame_.size(), needed = at + plain_size;
    // Grow with the received data, never beyond the frame: doubling would let a peer occupy twice what it
    // sent.
    if (needed > frame_.capacity()) frame_.reserve(std::min(frame_size_, std::max(needed, at + at / 4)));
    frame_.resize(needed);
    if (!open(cipher_, std::span{frame_}.subspan(at), pending().first(plain_size + kTagSize)))
        return end_session({Errc::protocol, "noise: a payload chunk's tag is wrong"});
    begin_ += plain_size + kTagSize;
    return {};
}

tl::unexpected<Error> FrameOpener::end_session(Error fault) {
    buffer_ = Bytes{};
    begin_ = 0;
    frame_ = Bytes{};
    fault_ = fault;
    return fail(std::move(fault));
}

}  // namespace hp::noise
