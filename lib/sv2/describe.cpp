#include "sv2/describe.hpp"

#include <nlohmann/json.hpp>
#include <set>

#include "sv2/json_fields.hpp"

namespace hp::sv2 {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', true); }

/// Only the listed keys are allowed; an error names the first other one.
Result<> only_keys(const Json& object, std::initializer_list<std::string_view> keys) {
    for (const auto& [key, value] : object.items())
        if (std::find(keys.begin(), keys.end(), key) == keys.end())
            return fail(Errc::invalid, "unknown field '" + printable(key) + "'");
    return {};
}
Result<std::uint64_t> required_number(const Json& object, const char* key, std::uint64_t max) {
    const auto found = object.find(key);
    if (found == object.end()) return fail(Errc::invalid, std::string(key) + ": missing");
    auto number = read_number(*found, max);
    if (!number) return at(key, std::move(number).error());
    return number;
}
Result<Bytes> required_hex(const Json& object, const char* key, std::size_t size_max) {
    const auto found = object.find(key);
    if (found == object.end()) return fail(Errc::invalid, std::string(key) + ": missing");
    auto bytes = read_hex(*found, size_max);
    if (!bytes) return at(key, std::move(bytes).error());
    return bytes;
}
Result<bool> required_flag(const Json& object, const char* key) {
    const auto found = object.find(key);
    if (found == object.end()) return fail(Errc::invalid, std::string(key) + ": missing");
    auto flag = read_flag(*found);
    if (!flag) return at(key, std::move(flag).error());
    return flag;
}

Result<Tlv> read_tlv(const Json& json) {
    if (!json.is_object()) return wrong("an object", json);
    HP_DO(only_keys(json, {"extension_type", "field_type", "value"}));
    Tlv tlv;
    HP_TRY(auto extension_type, required_number(json, "extension_type", 0xffff));
    HP_TRY(auto field_type, required_number(json, "field_type", 0xff));
    HP_TRY(tlv.value, required_hex(json, "value", 0xffff));
    tlv.extension_type = static_cast<std::uint16_t>(extension_type);
    if ((tlv.extension_type & ~kChannelBit) == 0)
        return at("extension_type", fail(Errc::invalid, "extension 0 has no TLVs").value());
    tlv.field_type = static_cast<std::uint8_t>(field_type);
    return tlv;
}

/// A payload that fits into a frame, with the header in front.
Result<Bytes> with_header(std::uint16_t extension_type, bool channel_msg, std::uint8_t msg_type,
                          ByteView payload) {
    if (payload.size() > kWireSizeMax)
        return fail(Errc::invalid, "payload of " + std::to_string(payload.size()) +
                                       " bytes, a frame has at most " + std::to_string(kWireSizeMax));
    Bytes frame(kHeaderSize);
    encode_header({extension_type, channel_msg, msg_type, static_cast<std::uint32_t>(payload.size())},
                  frame.data());
    append(frame, payload);
    return frame;
}

/// A family's name in tests/vectors/sv2-frames.json; empty for our own, which are not in the file.
std::string_view protocol_of(Family family) {
    switch (family) {
        case Family::common:
            return "common";
        case Family::mining:
            return "mining";
        case Family::job_declaration:
            return "job_declaration";
        case Family::templates:
            return "template_distribution";
        case Family::extensions:
            return "extensions_negotiation";
        case Family::legacy:
            return "hashpool_legacy";
        case Family::ehash:
        case Family::link:
        case Family::records:
        case Family::blocks:
            break;
    }
    return {};
}

/// An entry of the vector file has the header's fields in a separate object, and descriptive members: drops
/// the latter, and moves the fields to where describe_frame writes them.
Result<> flatten_entry(Json& json) {
    for (const char* commentary : {"origin", "note", "frame", "payload", "header_alone"})
        json.erase(commentary);
    const auto found = json.find("header");
    if (found == json.end()) return {};
    Json header = std::move(*found);
    json.erase("header");
    if (!header.is_object()) return at("header", wrong("an object", header).value());
    if (auto known = only_keys(header, {"extension_type", "channel_msg", "msg_type", "msg_length"}); !known)
        return at("header", std::move(known).error());
    for (auto& [key, value] : header.items()) {
        if (json.contains(key) && json[key] != value)
            return fail(Errc::invalid, "header: " + key + ": does not match " + key + " beside it");
        json[key] = std::move(value);
    }
    return {};
}

/// The message identified by the header fields; given ones must match its declaration.
Result<const MessageRow*> find_described(const Json& json) {
    const auto& name = json["name"].get_ref<const std::string&>();
    auto candidates = find_messages(name);
    if (candidates.empty()) return fail(Errc::invalid, "name: there is no message '" + printable(name) + "'");
    if (const auto protocol = json.find("protocol"); protocol != json.end()) {
        if (!protocol->is_string()) return at("protocol", wrong("a string", *protocol).value());
        const auto& given = protocol->get_ref<const std::string&>();
        std::erase_if(candidates, [&](const MessageRow* row) { return protocol_of(row->family) != given; });
        if (candidates.empty())
            return fail(Errc::invalid, "protocol: '" + printable(given) + "' has no " + name);
    }
    const auto narrow = [&](const char* key, std::uint64_t max, auto member) -> Result<> {
        if (!json.contains(key)) return {};
        HP_TRY(auto given, required_number(json, key, max));
        const std::uint64_t declared = candidates.front()->*member;
        std::erase_if(candidates, [&](const MessageRow* row) { return row->*member != given; });
        if (candidates.empty())
            return fail(Errc::invalid, std::string(key) + ": expected " + std::to_string(declared) + " for " +
                                           name + ", got " + std::to_string(given));
        return {};
    };
    HP_DO(narrow("extension_type", 0x7fff, &MessageRow::extension_type));
    HP_DO(narrow("msg_type", 0xff, &MessageRow::msg_type));
    if (candidates.size() > 1)
        return fail(Errc::invalid, "msg_type: missing; " + name + " is " +
                                       std::to_string(candidates[0]->msg_type) + " or " +
                                       std::to_string(candidates[1]->msg_type));
    const MessageRow* row = candidates.front();
    if (json.contains("channel_msg")) {
        HP_TRY(bool given, required_flag(json, "channel_msg"));
        if (given != row->channel_msg)
            return fail(Errc::invalid, "channel_msg: expected " + std::string(given ? "false" : "true") +
                                           " for " + name + ", got " + (given ? "true" : "false"));
    }
    return row;
}

Result<Bytes> read_known(Json& json) {
    HP_DO(flatten_entry(json));
    HP_DO(only_keys(json, {"protocol", "extension_type", "channel_msg", "msg_type", "msg_length", "name",
                           "fields", "tlv"}));
    HP_TRY(const MessageRow* row, find_described(json));
    const auto fields = json.find("fields");
    if (fields == json.end()) return fail(Errc::invalid, "fields: missing");
    if (!fields->is_object()) return at("fields", wrong("an object", *fields).value());
    Bytes payload;
    if (auto done = read_fields(*row, *fields, payload); !done) return at(row->name, std::move(done).error());
    if (const auto tlvs = json.find("tlv"); tlvs != json.end()) {
        if (!tlvs->is_array()) return at("tlv", wrong("an array", *tlvs).value());
        for (std::size_t i = 0; i < tlvs->size(); ++i) {
            auto tlv = read_tlv((*tlvs)[i]);
            if (!tlv) return at("tlv: [" + std::to_string(i) + "]", std::move(tlv).error());
            append_tlv(payload, *tlv);
        }
    }
    if (json.contains("msg_length")) {
        HP_TRY(auto length, required_number(json, "msg_length", kWireSizeMax));
        if (length != payload.size())
            return fail(Errc::invalid, "msg_length: expected " + std::to_string(payload.size()) + ", got " +
                                           std::to_string(length));
    }
    return with_header(row->extension_type, row->channel_msg, row->msg_type, payload);
}

Result<Bytes> read_unknown(const Json& json) {
    HP_DO(only_keys(json, {"extension_type", "channel_msg", "msg_type", "name", "payload"}));
    HP_TRY(auto extension_type, required_number(json, "extension_type", 0x7fff));
    HP_TRY(bool channel_msg, required_flag(json, "channel_msg"));
    HP_TRY(auto msg_type, required_number(json, "msg_type", 0xff));
    HP_TRY(Bytes payload, required_hex(json, "payload", kWireSizeMax));
    return with_header(static_cast<std::uint16_t>(extension_type), channel_msg,
                       static_cast<std::uint8_t>(msg_type), payload);
}

/// Deeper than any message's JSON: an object, its fields, an array, and a text as {"hex": ...}.
constexpr int kJsonDepthMax = 8;

/// The document, or an error if it is not JSON, nested too deeply, or has a duplicate key. The depth is
/// limited here because even adding a key copies the values before it, recursively.
Result<Json> parse_strictly(std::string_view text) {
    std::vector<std::set<std::string>> open_objects;
    std::string repeated;
    bool too_deep = false;
    const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
        too_deep |= depth > kJsonDepthMax;
        if (too_deep) return false;
        if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
        if (event == Json::parse_event_t::object_end) open_objects.pop_back();
        if (event == Json::parse_event_t::key && !open_objects.back().insert(value.get<std::string>()).second)
            repeated = value.get<std::string>();
        return true;
    };
    Json json = Json::parse(text, watch, false);
    if (too_deep)
        return fail(Errc::invalid, "nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
    if (json.is_discarded()) return fail(Errc::invalid, "not a JSON document");
    if (!repeated.empty()) return fail(Errc::invalid, "field '" + printable(repeated) + "' appears twice");
    return json;
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kSpace = " \t\r\n\v\f";
    const auto first = text.find_first_not_of(kSpace);
    if (first == text.npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

Result<std::string> describe_frame(ByteView frame) {
    HP_TRY(FrameView view, split_frame(frame));
    const auto& header = view.header;
    Json json{{"extension_type", header.extension_type},
              {"channel_msg", header.channel_msg},
              {"msg_type", header.msg_type}};
    const MessageRow* row = find_message(header.extension_type, header.msg_type);
    if (!row) {
        json["name"] = nullptr;
        json["payload"] = to_hex(view.payload);
        return dump(json);
    }
    Json fields = Json::object();
    HP_TRY(ByteView rest, show_fields(*row, view.payload, fields));
    json["name"] = row->name;
    json["fields"] = std::move(fields);
    auto tlvs = parse_tlvs(rest);
    if (!tlvs) return at(row->name, std::move(tlvs).error());
    for (const Tlv& tlv : *tlvs)
        json["tlv"].push_back(Json::object({{"extension_type", tlv.extension_type},
                                            {"field_type", tlv.field_type},
                                            {"value", to_hex(tlv.value)}}));
    return dump(json);
}

Result<Bytes> frame_from_description(std::string_view text) {
    HP_TRY(Json json, parse_strictly(text));
    if (!json.is_object()) return wrong("an object", json);
    const auto name = json.find("name");
    if (name == json.end()) return fail(Errc::invalid, "name: missing");
    if (name->is_null()) return read_unknown(json);
    if (!name->is_string()) return at("name", wrong("a string or null", *name).value());
    return read_known(json);
}

Result<std::string> frame_to_json(std::string_view hex) {
    hex = trimmed(hex);
    if (hex.starts_with("0x") || hex.starts_with("0X")) hex.remove_prefix(2);
    std::string digits;
    digits.reserve(hex.size());
    for (char c : hex)
        if (!trimmed({&c, 1}).empty()) digits += c;
    HP_TRY(Bytes frame, from_hex(digits));
    return describe_frame(frame);
}

Result<std::string> json_to_frame(std::string_view json) {
    HP_TRY(Bytes frame, frame_from_description(json));
    return to_hex(frame);
}

Result<std::string> convert_line(std::string_view line) {
    line = trimmed(line);
    return line.starts_with('{') ? json_to_frame(line) : frame_to_json(line);
}

}  // namespace hp::sv2
