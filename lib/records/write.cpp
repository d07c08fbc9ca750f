#include "records/write.hpp"

#include "wire/records.hpp"

namespace hp::records {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

void append_byte(std::string& out, std::uint8_t byte) {
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 15];
}

}  // namespace

void append_hex(std::string& out, ByteView bytes) {
    out += '"';
    for (const std::uint8_t byte : bytes) append_byte(out, byte);
    out += '"';
}

void append_reversed_hex(std::string& out, ByteView bytes) {
    out += '"';
    for (std::size_t i = bytes.size(); i > 0; --i) append_byte(out, bytes[i - 1]);
    out += '"';
}

void append_mask(std::string& out, std::uint32_t bits) {
    out += '"';
    for (int shift = 24; shift >= 0; shift -= 8) append_byte(out, static_cast<std::uint8_t>(bits >> shift));
    out += '"';
}

void append_real(std::string& out, double number) {
    const std::size_t begin = out.size();
    append_json_number(out, number);
    if (out.find_first_not_of("-0123456789", begin) == std::string::npos) out += ".0";
}

void append_counts(std::string& out, const Counts& counts) {
    out += '{';
    for (bool is_first = true; const auto& [word, count] : counts) {
        if (!std::exchange(is_first, false)) out += ',';
        append_json_string(out, word);
        out += ':';
        append_json_integer(out, count);
    }
    out += '}';
}

void append_envelope(std::string& out, std::string_view type, std::string_view source, UnixMs ts_ms) {
    out += "{\"v\":";
    append_json_integer(out, wire::kRecordVersion);
    out += ",\"ts_ms\":";
    append_json_integer(out, ts_ms);
    out += ",\"type\":";
    append_json_string(out, type);
    out += ",\"source\":";
    append_json_string(out, source);
}

}  // namespace hp::records
