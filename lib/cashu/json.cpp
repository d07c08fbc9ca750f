#include "cashu/json.hpp"

#include <simdjson.h>

#include <charconv>

namespace hp::cashu {
namespace {

constexpr std::size_t kDepthMax = 64;

const char* name_of(JsonValue::Kind kind) {
    switch (kind) {
        case JsonValue::Kind::null:
            return "null";
        case JsonValue::Kind::boolean:
            return "a boolean";
        case JsonValue::Kind::integer:
            return "an integer";
        case JsonValue::Kind::other_number:
            return "a number that is not an unsigned 64-bit integer";
        case JsonValue::Kind::string:
            return "a string";
        case JsonValue::Kind::array:
            return "an array";
        case JsonValue::Kind::object:
            return "an object";
    }
    return "nothing";
}

tl::unexpected<Error> wrong_kind(std::string_view name, const char* expected, const JsonValue& got) {
    return fail(Errc::invalid, std::string(name) + ": expected " + expected + ", got " + name_of(got.kind));
}

/// simdjson 3.0 accepts an escaped lone low surrogate, as three bytes that are not UTF-8.
Result<std::string> checked_text(std::string_view text) {
    if (!simdjson::validate_utf8(text.data(), text.size()))
        return fail(Errc::invalid, "not JSON: a string holds a lone surrogate");
    return std::string(text);
}

bool has_duplicate_key(const std::vector<JsonValue::Member>& members) {
    std::vector<std::string_view> names;
    names.reserve(members.size());
    for (const auto& member : members) names.push_back(member.first);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

/// Copies the parser's tape into values. `budget` is the rest of the document's allowance.
Result<JsonValue> copy(simdjson::dom::element element, std::size_t& budget) {
    if (budget == 0) return fail(Errc::invalid, "not accepted: the document has too many values");
    --budget;
    JsonValue out;
    using simdjson::dom::element_type;
    switch (element.type()) {
        case element_type::NULL_VALUE:
            break;
        case element_type::BOOL:
            out.kind = JsonValue::Kind::boolean;
            out.boolean = element.get_bool().value_unsafe();
            break;
        case element_type::DOUBLE:
            out.kind = JsonValue::Kind::other_number;
            break;
        case element_type::INT64:
        case element_type::UINT64: {
            std::uint64_t value = 0;
            bool fits = element.get_uint64().get(value) == simdjson::SUCCESS;
            out.kind = fits ? JsonValue::Kind::integer : JsonValue::Kind::other_number;
            out.integer = value;
            break;
        }
        case element_type::STRING: {
            out.kind = JsonValue::Kind::string;
            HP_TRY(out.string, checked_text(element.get_string().value_unsafe()));
            break;
        }
        case element_type::ARRAY: {
            out.kind = JsonValue::Kind::array;
            simdjson::dom::array array;
            if (element.get_array().get(array)) break;
            for (auto item : array) {
                HP_TRY(auto value, copy(item, budget));
                out.items.push_back(std::move(value));
            }
            break;
        }
        case element_type::OBJECT: {
            out.kind = JsonValue::Kind::object;
            simdjson::dom::object object;
            if (element.get_object().get(object)) break;
            for (auto field : object) {
                HP_TRY(auto name, checked_text(field.key));
                HP_TRY(auto value, copy(field.value, budget));
                out.members.emplace_back(std::move(name), std::move(value));
            }
            if (has_duplicate_key(out.members))
                return fail(Errc::invalid, "not accepted: an object names a key twice");
            break;
        }
    }
    return out;
}

}  // namespace

const JsonValue* JsonValue::find(std::string_view name) const {
    for (const auto& [key, value] : members)
        if (key == name) return value.is_null() ? nullptr : &value;
    return nullptr;
}

Result<const JsonValue*> JsonValue::need(std::string_view name) const {
    if (kind != Kind::object)
        return fail(Errc::invalid, std::string("expected an object, got ") + name_of(kind));
    const JsonValue* value = find(name);
    if (!value) return fail(Errc::invalid, std::string(name) + ": missing");
    return value;
}

Result<std::uint64_t> JsonValue::need_integer(std::string_view name) const {
    HP_TRY(auto value, need(name));
    if (value->kind != Kind::integer) return wrong_kind(name, "an unsigned integer", *value);
    return value->integer;
}

Result<std::string> JsonValue::need_string(std::string_view name) const {
    HP_TRY(auto value, need(name));
    if (value->kind != Kind::string) return wrong_kind(name, "a string", *value);
    return value->string;
}

Result<const std::vector<JsonValue>*> JsonValue::need_array(std::string_view name) const {
    HP_TRY(auto value, need(name));
    if (value->kind != Kind::array) return wrong_kind(name, "an array", *value);
    return &value->items;
}

Result<> JsonValue::need_hex_into(std::string_view name, std::span<std::uint8_t> out) const {
    HP_TRY(auto value, need(name));
    if (value->kind != Kind::string) return wrong_kind(name, "a string of hex digits", *value);
    if (auto read = from_hex_into(value->string, out); !read)
        return fail(Errc::invalid, std::string(name) + ": " + read.error().what);
    return {};
}

Result<JsonValue> parse_json(std::string_view text, std::size_t values_max) {
    simdjson::dom::parser parser;
    if (parser.allocate(std::max<std::size_t>(text.size(), 1), kDepthMax) != simdjson::SUCCESS)
        return fail(Errc::invalid, "not JSON: too large");
    simdjson::dom::element root;
    // The parser copies the text, because it reads a few bytes past the end.
    if (auto error = parser.parse(text.data(), text.size(), true).get(root); error)
        return fail(Errc::invalid, std::string("not JSON: ") + simdjson::error_message(error));
    return copy(root, values_max);
}

Error inside(std::string_view path, Error error) {
    error.what = std::string(path) + "." + error.what;
    return error;
}

Error inside(std::string_view list, std::size_t index, Error error) {
    return inside(std::string(list) + "[" + std::to_string(index) + "]", std::move(error));
}

void append_json_hex(std::string& out, ByteView bytes) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    for (std::uint8_t byte : bytes) {
        out += kHex[byte >> 4];
        out += kHex[byte & 15];
    }
    out += '"';
}

void append_decimal(std::string& out, std::uint64_t value) {
    char digits[20];
    auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out.append(digits, end);
}

}  // namespace hp::cashu
