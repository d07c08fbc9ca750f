// The first three bytes choose the message (extension type with the channel bit, message type), the rest is
// its payload. What decodes must encode, decode again and be equal, also through JSON.
#include <cstdlib>

#include "sv2/describe.hpp"
#include "sv2/messages.hpp"
#include "sv2/registry.hpp"

using namespace hp;
using namespace hp::sv2;

namespace {

void require(bool holds) {
    if (!holds) std::abort();
}

template <Message M>
void check_typed(ByteView payload) {
    const auto first = decode_with_rest<M>(payload);
    if (!first) return;
    const auto tlvs = parse_tlvs(first->rest);
    if (!tlvs) return;
    const Bytes frame = encode_frame(first->message, *tlvs);
    const auto again = decode_with_rest<M>(ByteView(frame).subspan(kHeaderSize));
    require(again && again->message == first->message);
    require(std::ranges::equal(again->rest, first->rest));
}

void check_json(const Bytes& frame) {
    const auto json = describe_frame(frame);
    if (!json) return;
    require(std::ranges::all_of(*json, [](char c) { return c >= 0x20 && c < 0x7f; }));
    const auto again = frame_from_description(*json);
    const FrameHeader header = decode_header(frame.data());
    const MessageRow* row = find_message(header.extension_type, header.msg_type);
    if (row && row->channel_msg != header.channel_msg) {
        // Decoded, but never encoded.
        require(!again);
        return;
    }
    require(again.has_value());
    // Only a BOOL may have come in another form.
    require(again->size() == frame.size());
    require(describe_frame(*again).value() == *json);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
    if (size < 3) return 0;
    const ByteView input{bytes, size};
    const ByteView payload = input.subspan(3);
    if (payload.size() > wire::kWireSizeMax) return 0;
    Bytes frame(kHeaderSize);
    std::copy_n(bytes, 3, frame.begin());
    FrameHeader header = decode_header(frame.data());
    header.payload_size = static_cast<std::uint32_t>(payload.size());
    encode_header(header, frame.data());
    append(frame, payload);

    boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, AllMessages>>(
        [&]<class M>(std::type_identity<M>) {
            if (header.extension_type == M::info.extension_type && header.msg_type == M::info.msg_type)
                check_typed<M>(payload);
        });
    check_json(frame);
    // The same bytes as a user's input.
    (void)convert_line(as_text(input));
    return 0;
}
