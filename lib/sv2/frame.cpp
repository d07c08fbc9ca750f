#include "sv2/frame.hpp"

namespace hp::sv2 {

FrameHeader decode_header(const std::uint8_t* b) {
    auto extension = get_le<std::uint16_t>(b);
    return {static_cast<std::uint16_t>(extension & ~kChannelBit), (extension & kChannelBit) != 0, b[2],
            static_cast<std::uint32_t>(b[3] | b[4] << 8 | b[5] << 16)};
}

void encode_header(const FrameHeader& header, std::uint8_t* b) {
    HP_ASSERT(header.payload_size <= 0xff'ffff);
    put_le<std::uint16_t>(
        b, static_cast<std::uint16_t>(header.extension_type | (header.channel_msg ? kChannelBit : 0)));
    b[2] = header.msg_type;
    b[3] = static_cast<std::uint8_t>(header.payload_size);
    b[4] = static_cast<std::uint8_t>(header.payload_size >> 8);
    b[5] = static_cast<std::uint8_t>(header.payload_size >> 16);
}

Result<FrameView> split_frame(ByteView frame) {
    if (frame.size() < kHeaderSize)
        return fail(Errc::protocol, "frame header needs 6 bytes, got " + std::to_string(frame.size()));
    FrameView view{decode_header(frame.data()), frame.subspan(kHeaderSize)};
    if (view.payload.size() != view.header.payload_size)
        return fail(Errc::protocol, "msg_length is " + std::to_string(view.header.payload_size) + ", got " +
                                        std::to_string(view.payload.size()) + " payload bytes");
    return view;
}

void append_tlv(Bytes& out, const TlvView& tlv) {
    HP_ASSERT(tlv.value.size() <= 0xffff);
    Writer writer{out};
    writer.le<2>(tlv.extension_type);
    writer.le<1>(tlv.field_type);
    writer.le<2>(tlv.value.size());
    writer.put(tlv.value);
}

namespace {

/// Calls `each(extension_type, field_type, value)` for all TLVs of the bytes.
template <class Each>
Result<> for_each_tlv(ByteView bytes, Each&& each) {
    Reader in{bytes};
    in.enter("TLV");
    while (!in.rest().empty()) {
        const auto extension_type = static_cast<std::uint16_t>(in.le<2>());
        const auto field_type = static_cast<std::uint8_t>(in.le<1>());
        const ByteView value = in.take(in.le<2>());
        if (!in.ok()) return fail(Errc::protocol, in.error_text());
        if ((extension_type & ~kChannelBit) == 0) return fail(Errc::protocol, "TLV: of extension 0");
        each(extension_type, field_type, value);
    }
    return {};
}

}  // namespace

Result<> check_tlvs(ByteView bytes) {
    return for_each_tlv(bytes, [](std::uint16_t, std::uint8_t, ByteView) {});
}

Result<std::vector<Tlv>> parse_tlvs(ByteView bytes) {
    std::vector<Tlv> out;
    HP_DO(for_each_tlv(bytes, [&](std::uint16_t extension_type, std::uint8_t field_type, ByteView value) {
        out.push_back({extension_type, field_type, Bytes(value.begin(), value.end())});
    }));
    return out;
}

Result<std::optional<ByteView>> find_tlv(ByteView bytes, std::uint16_t wanted_extension,
                                         std::uint8_t wanted_field) {
    std::optional<ByteView> found;
    HP_DO(for_each_tlv(bytes, [&](std::uint16_t extension_type, std::uint8_t field_type, ByteView value) {
        if (!found && extension_type == wanted_extension && field_type == wanted_field) found = value;
    }));
    return found;
}

}  // namespace hp::sv2
