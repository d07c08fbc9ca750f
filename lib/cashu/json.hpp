// JSON for this room. Reading keeps 64-bit integers exact and is strict where ambiguity could cost money: no
// duplicate keys, no lone surrogates, nothing after the document. Parsing is simdjson's (json.cpp).
#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "base/json_text.hpp"

namespace hp::cashu {

class JsonValue {
  public:
    enum class Kind { null, boolean, integer, other_number, string, array, object };
    using Member = std::pair<std::string, JsonValue>;

    Kind kind{Kind::null};
    bool boolean{};
    std::uint64_t integer{};  ///< 0 .. 2^64-1; a negative, fractional or exponent number is other_number
    std::string string{};     ///< UTF-8, unescaped
    std::vector<JsonValue> items{};
    std::vector<Member> members{};

    bool is_null() const { return kind == Kind::null; }
    /// The member of an object, or nothing (also if this is not an object). A null member counts as absent.
    const JsonValue* find(std::string_view name) const;

    // Each names the field in its error: "amount: expected an unsigned integer, got a string". List readers
    // prefix the path: "outputs[3].amount: ...".
    Result<const JsonValue*> need(std::string_view name) const;
    Result<std::uint64_t> need_integer(std::string_view name) const;
    Result<std::string> need_string(std::string_view name) const;
    Result<const std::vector<JsonValue>*> need_array(std::string_view name) const;
    /// A string of exactly 2 N hex digits.
    template <std::size_t N>
    Result<ByteArray<N>> need_hex(std::string_view name) const {
        ByteArray<N> out;
        HP_DO(need_hex_into(name, out));
        return out;
    }
    Result<> need_hex_into(std::string_view name, std::span<std::uint8_t> out) const;
};

/// Maximum values in one document: limits the memory that a body can claim. A swap of 1000 inputs has about
/// 14,000.
inline constexpr std::size_t kJsonValuesMax = 1u << 17;
/// A whole document, at most 64 levels deep.
Result<JsonValue> parse_json(std::string_view text, std::size_t values_max = kJsonValuesMax);

/// Prefixes a reader's error with the path: "outputs[3]." + "amount: expected ...".
Error inside(std::string_view path, Error error);
Error inside(std::string_view list, std::size_t index, Error error);

/// Appends bytes as a JSON string of lower-case hex.
void append_json_hex(std::string& out, ByteView bytes);
void append_decimal(std::string& out, std::uint64_t value);

}  // namespace hp::cashu
