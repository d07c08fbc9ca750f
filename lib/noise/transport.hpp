// Encrypted frames: a 6-byte header sealed alone (22 bytes), then the payload in chunks of at most 65519
// plaintext bytes, each with its own tag and nonce. SV2 spec 4.6.
#pragma once
#include <cstdint>
#include <optional>

#include "noise/handshake.hpp"

namespace hp::noise {

inline constexpr std::size_t kHeaderSize = 6;
inline constexpr std::size_t kSealedHeaderSize = kHeaderSize + 16;
inline constexpr std::size_t kChunkPlainMax = 65519;
inline constexpr std::size_t kPayloadMax = 0xff'ffff;

/// Bytes on the wire for a payload of n bytes, without the 22 of the header: n + 16 * ceil(n / 65519).
constexpr std::size_t sealed_payload_size(std::size_t n) {
    return n + 16 * ((n + kChunkPlainMax - 1) / kChunkPlainMax);
}

/// Appends one sealed frame. `frame` is header (6) + payload; msg_length must equal the payload's size.
void seal_frame(CipherState& cipher, ByteView frame, Bytes& out);

/// Frames from a byte stream: `feed` received bytes, then take frames with `next` until there are none. Holds
/// what was received and not yet taken, plus a quarter for growth: a header that announces a large payload
/// does not allocate it. Between frames it keeps a kilobyte or two.
class FrameOpener {
  public:
    /// The largest payload for (extension_type without channel bit, msg_type), decided from the header alone.
    using PayloadLimit = std::size_t (*)(std::uint16_t extension_type, std::uint8_t msg_type);
    explicit FrameOpener(CipherState cipher, PayloadLimit limit = nullptr) : cipher_{cipher}, limit_{limit} {}

    /// Adds received bytes.
    void feed(ByteView bytes);
    /// The next whole frame, header + payload in the clear, valid until the next call on this object; nothing
    /// if more bytes are needed. A wrong tag or a length above the limit is an error that ends the session:
    /// every later call returns it again.
    Result<std::optional<ByteView>> next();
    /// For headers not opened yet.
    void set_limit(PayloadLimit limit) { limit_ = limit; }
    /// Memory held by incomplete input.
    std::size_t held_bytes() const { return buffer_.capacity() + frame_.capacity(); }

  private:
    ByteView pending() const { return ByteView{buffer_}.subspan(begin_); }
    Result<> open_header();
    Result<> open_chunk(std::size_t plain_size);
    tl::unexpected<Error> end_session(Error fault);

    CipherState cipher_;
    PayloadLimit limit_;
    Bytes buffer_;  // ciphertext not yet opened, from begin_
    std::size_t begin_{0};
    Bytes frame_;                // header + payload opened so far; empty before the header
    std::size_t frame_size_{0};  // total size, once the header is opened
    std::optional<Error> fault_;
};

}  // namespace hp::noise
