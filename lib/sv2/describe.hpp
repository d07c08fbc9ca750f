// Frames as JSON and back, for people, tests and tools: `hp-quote decode`.
//
//   {"extension_type":0,"channel_msg":false,"msg_type":1,"name":"SetupConnection.Success",
//    "fields":{"used_version":2,"flags":3}}
//
// - The order of the keys is fixed; the fields' names and order are the specification's. Output is one line
// of
//   printable ASCII.
// - U8 to U64: numbers (U64 needs a reader that keeps 64 bits). BOOL: true, false.
// - U256, PUBKEY, SIGNATURE and byte strings: lower-case hex of the bytes as they travel.
// - STR0_255: a string; bytes that are not UTF-8 as {"hex": "..."}, so that nothing is lost.
// - F32: the exact value if it is a whole number, else the shortest decimal that reads back as the same F32;
//   NaN and the infinities, which JSON lacks, as {"bits": N}.
// - OPTION: null or the value. SEQ: an array.
// - TLVs after the last field, if any: "tlv":[{"extension_type":2,"field_type":1,"value":"hex"}].
// - An unknown message: "name":null,"payload":"hex" instead of name and fields.
// - A known message with the wrong channel bit is decoded anyway; "channel_msg" is the header's bit. It is
//   never encoded.
//
// The other direction is strict: unknown, missing, repeated and out-of-range fields are errors that name the
// field. Of the header only `name` is required, with `msg_type` if two messages share the name; given fields
// must match the declaration. An entry of tests/vectors/sv2-frames.json is accepted as is, too: its
// `protocol` and `header` must match, its `origin`, `note`, `frame`, `payload` and `header_alone` are
// ignored.
#pragma once
#include "sv2/frame.hpp"

namespace hp::sv2 {

Result<std::string> describe_frame(ByteView frame);
Result<Bytes> frame_from_description(std::string_view json);

/// Likewise with the frame as hex: white space anywhere and a leading 0x are ignored.
Result<std::string> frame_to_json(std::string_view hex);
Result<std::string> json_to_frame(std::string_view json);
/// One line of a filter: a line that starts with '{' is converted from JSON to hex, any other from hex to
/// JSON.
Result<std::string> convert_line(std::string_view line);

}  // namespace hp::sv2
