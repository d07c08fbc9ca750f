// Frames: the 6-byte header, typed encode and decode, TLV fields. Spec 3.2, 3.4.
#pragma once
#include "sv2/codec.hpp"

namespace hp::sv2 {

inline constexpr std::size_t kHeaderSize = 6;
inline constexpr std::uint16_t kChannelBit = 0x8000;

struct FrameHeader {
    std::uint16_t extension_type{};  ///< without the channel bit
    bool channel_msg{};
    std::uint8_t msg_type{};
    std::uint32_t payload_size{};  ///< msg_length, U24
};

/// A frame in the clear: header and the payload's bytes. The channel bit is not used to identify or route
/// messages (peers of several generations set it differently): every role accepts a message with the wrong
/// bit by its numbers, and never sends one.
struct FrameView {
    FrameHeader header;
    ByteView payload;
    template <Message M>
    bool is() const {
        return header.msg_type == M::info.msg_type && header.extension_type == M::info.extension_type;
    }
};

FrameHeader decode_header(const std::uint8_t* six_bytes);
void encode_header(const FrameHeader& header, std::uint8_t* six_bytes);
/// Header + payload of exactly msg_length bytes.
Result<FrameView> split_frame(ByteView frame);

/// One TLV field after the last base field, little-endian, like SRI.
struct Tlv {
    std::uint16_t extension_type{};
    std::uint8_t field_type{};
    Bytes value;
    friend bool operator==(const Tlv&, const Tlv&) = default;
};
/// Likewise for writing, with a view as its value: for the share path.
struct TlvView {
    std::uint16_t extension_type{};
    std::uint8_t field_type{};
    ByteView value;
};
void append_tlv(Bytes& out, const TlvView& tlv);
inline void append_tlv(Bytes& out, const Tlv& tlv) {
    append_tlv(out, TlvView{tlv.extension_type, tlv.field_type, tlv.value});
}
/// All TLVs of the bytes; an incomplete one is an error, and so is one of extension 0, which has none (zeros
/// after a message are not a TLV).
Result<std::vector<Tlv>> parse_tlvs(ByteView bytes);
/// Likewise without storing them.
Result<> check_tlvs(ByteView bytes);
/// The value of one TLV among `bytes` (the first, if it appears twice), without copying: for the share path.
/// All of the bytes must parse, as in `parse_tlvs`.
Result<std::optional<ByteView>> find_tlv(ByteView bytes, std::uint16_t extension_type,
                                         std::uint8_t field_type);

/// Appends header + payload (+ TLVs) to `out`.
template <Message M, class T>
void append_frame(Bytes& out, const M& message, std::span<const T> tlvs) {
    std::size_t start = out.size();
    out.resize(start + kHeaderSize);
    Writer writer{out};
    encode_fields(writer, message);
    for (const T& tlv : tlvs) append_tlv(out, tlv);
    encode_header({M::info.extension_type, M::info.channel_msg == ChannelMsg::yes, M::info.msg_type,
                   static_cast<std::uint32_t>(out.size() - start - kHeaderSize)},
                  out.data() + start);
}
template <Message M>
void append_frame(Bytes& out, const M& message) {
    append_frame(out, message, std::span<const Tlv>{});
}
template <Message M>
Bytes encode_frame(const M& message, std::span<const Tlv> tlvs = {}) {
    Bytes out;
    append_frame(out, message, tlvs);
    return out;
}

/// A message and the bytes after its last field: whole TLVs, or nothing.
template <Message M>
struct Decoded {
    M message;
    ByteView rest;
};
/// The one rule for all messages: only TLVs may follow the last field, of known or unknown extensions; other
/// bytes make it invalid. Errors name the field and the missing bytes.
template <Message M>
Result<Decoded<M>> decode_with_rest(ByteView payload) {
    Decoded<M> out;
    Reader reader{payload};
    decode_fields(reader, out.message);
    if (!reader.ok()) return fail(Errc::protocol, decode_error_text<M>(reader));
    out.rest = reader.rest();
    if (auto tlvs = check_tlvs(out.rest); !tlvs)
        return fail(Errc::protocol,
                    std::string(M::info.name) + ": after the last field: " + tlvs.error().what);
    return out;
}
/// For messages whose TLVs, if any, do not matter.
template <Message M>
Result<M> decode(ByteView payload) {
    HP_TRY(auto decoded, decode_with_rest<M>(payload));
    return std::move(decoded.message);
}

/// "expected SetupConnection, got OpenStandardMiningChannel".
Error unexpected(const FrameView& frame, std::string_view expected);

/// When only one kind of message may come.
template <Message M>
Result<M> expect(const FrameView& frame) {
    if (!frame.is<M>()) return fail(unexpected(frame, M::info.name));
    return decode<M>(frame.payload);
}

}  // namespace hp::sv2
