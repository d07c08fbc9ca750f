// sv2-frames.json, every entry: bytes to JSON to bytes, and nothing that is cut short passes.
#include <map>

#include "frames_file.hpp"
#include "sv2/describe.hpp"
#include "sv2/registry.hpp"

namespace hp::test {
namespace {

using namespace hp::sv2;

/// The row of an entry, by protocol and name (names alone are not unique).
const MessageRow& row_of(const Json& entry) {
    const std::map<std::string, Family> families{{"common", Family::common},
                                                 {"mining", Family::mining},
                                                 {"job_declaration", Family::job_declaration},
                                                 {"template_distribution", Family::templates},
                                                 {"extensions_negotiation", Family::extensions},
                                                 {"hashpool_legacy", Family::legacy}};
    const auto family = families.find(entry["protocol"]);
    REQUIRE(family != families.end());
    for (const MessageRow* row : find_messages(entry["name"].get<std::string>()))
        if (row->family == family->second) return *row;
    FAIL("message is not declared");
    std::abort();
}

Bytes with_header(const MessageRow& row, ByteView payload) {
    Bytes frame(kHeaderSize);
    encode_header(
        {row.extension_type, row.channel_msg, row.msg_type, static_cast<std::uint32_t>(payload.size())},
        frame.data());
    append(frame, payload);
    return frame;
}

/// The entry's whole frame; some entries have the payload alone.
Bytes frame_of(const Json& entry) {
    if (entry.contains("frame")) return bytes_of(entry["frame"]);
    return with_header(row_of(entry), bytes_of(entry["payload"]));
}

/// F32 are compared as such: a file may round them otherwise than we do.
void check_fields(const MessageRow& row, const Json& got, const Json& expected) {
    REQUIRE(got.size() == expected.size());
    for (const FieldRow& field : row.fields()) {
        CAPTURE(field.name);
        const std::string name(field.name);
        REQUIRE(expected.contains(name));
        if (field.type == "F32" && got[name].is_number() && expected[name].is_number())
            CHECK(got[name].get<float>() == expected[name].get<float>());
        else
            CHECK(got[name] == expected[name]);
    }
}

void check_entry(const Json& entry) {
    const MessageRow& row = row_of(entry);
    const Bytes frame = frame_of(entry);
    const auto text = describe_frame(frame);
    REQUIRE_MESSAGE(text, text.error().what);
    const Json shown = Json::parse(*text);
    CHECK(shown["name"] == entry["name"]);
    CHECK(shown["extension_type"] == row.extension_type);
    CHECK(shown["msg_type"] == row.msg_type);
    CHECK(shown["channel_msg"] == row.channel_msg);
    check_fields(row, shown["fields"], entry["fields"]);
    CHECK(shown.contains("tlv") == entry.contains("tlv"));
    if (entry.contains("tlv")) CHECK(shown["tlv"] == entry["tlv"]);
    if (entry.contains("header")) {
        CHECK(shown["channel_msg"] == entry["header"]["channel_msg"]);
        CHECK(shown["extension_type"] == entry["header"]["extension_type"]);
        CHECK(shown["msg_type"] == entry["header"]["msg_type"]);
        CHECK(frame.size() - kHeaderSize == entry["header"]["msg_length"]);
    }
    if (entry.contains("header_alone"))
        CHECK(to_hex(ByteView(frame).first(kHeaderSize)) == entry["header_alone"].get<std::string>());
    CHECK(frame.size() - kHeaderSize <= payload_limit(row.extension_type, row.msg_type));

    const auto back = frame_from_description(*text);
    REQUIRE_MESSAGE(back, back.error().what);
    CHECK(to_hex(*back) == to_hex(frame));

    // From the entry's own words, too.
    Json described{{"name", entry["name"]}, {"msg_type", row.msg_type}, {"fields", entry["fields"]}};
    if (entry.contains("tlv")) described["tlv"] = entry["tlv"];
    const auto encoded = frame_from_description(described.dump());
    REQUIRE_MESSAGE(encoded, encoded.error().what);
    CHECK(to_hex(*encoded) == to_hex(frame));

    // And the entry unchanged; its protocol distinguishes messages of the same name.
    const auto from_entry = frame_from_description(entry.dump());
    REQUIRE_MESSAGE(from_entry, from_entry.error().what);
    CHECK(to_hex(*from_entry) == to_hex(frame));
    const auto changed = [&](const char* path, const Json& value) {
        Json other = entry;
        other[Json::json_pointer(path)] = value;
        return frame_from_description(other.dump());
    };
    CHECK_FALSE(changed("/protocol", "other"));
    CHECK_FALSE(changed("/header/msg_length", frame.size()));
    CHECK_FALSE(changed("/header/msg_type", 0xff));
    CHECK_FALSE(changed("/header/channel_msg", !row.channel_msg));
    CHECK_FALSE(changed("/header/other", 1));
}

/// With the header as it was, and with a header that tells the shorter length.
void check_truncations(const Json& entry) {
    const MessageRow& row = row_of(entry);
    const Bytes frame = frame_of(entry);
    for (std::size_t size = 0; size < frame.size(); ++size)
        CHECK_FALSE(describe_frame(ByteView(frame).first(size)));
    const ByteView payload = ByteView(frame).subspan(kHeaderSize);
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < payload.size(); ++size)
        accepted += describe_frame(with_header(row, payload.first(size))).has_value();
    // Without its last TLV a frame is a frame, and so on down to none.
    CHECK(accepted == (entry.contains("tlv") ? entry["tlv"].size() : 0));
    Bytes longer = frame;
    longer.push_back(0);
    CHECK_FALSE(describe_frame(longer));
    CHECK_FALSE(describe_frame(with_header(row, ByteView(longer).subspan(kHeaderSize))));
}

TEST_CASE("frames found in the tests of other implementations") {
    for_each_vector(frames_file()["found_in_tests"], check_entry);
}

TEST_CASE("one frame of each message") { for_each_vector(frames_file()["one_per_message"], check_entry); }

TEST_CASE("every frame cut short at every byte is an error") {
    for_each_vector(frames_file()["found_in_tests"], check_truncations);
    for_each_vector(frames_file()["one_per_message"], check_truncations);
}

TEST_CASE("every message of the table has a frame in the file") {
    std::map<const MessageRow*, int> seen;
    for (const Json& entry : frames_file()["one_per_message"]) ++seen[&row_of(entry)];
    for (const MessageRow& row : message_rows()) {
        CAPTURE(row.name);
        if (row.family != Family::ehash && row.family != Family::link && row.family != Family::records &&
            row.family != Family::blocks)
            CHECK(seen.contains(&row));
    }
}

TEST_CASE("headers") {
    for_each_vector(frames_file()["headers"], [](const Json& entry) {
        const Bytes bytes = bytes_of(entry["header"]);
        REQUIRE(bytes.size() == kHeaderSize);
        const FrameHeader header = decode_header(bytes.data());
        CHECK(header.extension_type == entry["extension_type"]);
        CHECK(header.channel_msg == entry["channel_msg"]);
        CHECK(header.msg_type == entry["msg_type"]);
        CHECK(header.payload_size == entry["msg_length"]);
        Bytes again(kHeaderSize);
        encode_header(header, again.data());
        CHECK(again == bytes);
    });
}

}  // namespace
}  // namespace hp::test
