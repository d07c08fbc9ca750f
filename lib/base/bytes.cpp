#include "base/bytes.hpp"

namespace hp {
namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

constexpr char kDigits[] = "0123456789abcdef";

}  // namespace

std::string to_hex(ByteView bytes) {
    std::string out(bytes.size() * 2, '0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        out[2 * i] = kDigits[bytes[i] >> 4];
        out[2 * i + 1] = kDigits[bytes[i] & 15];
    }
    return out;
}

std::string to_hex_reversed(ByteView bytes) {
    Bytes reversed(bytes.rbegin(), bytes.rend());
    return to_hex(reversed);
}

Result<> from_hex_into(std::string_view hex, std::span<std::uint8_t> out) {
    if (hex.size() != out.size() * 2)
        return fail(Errc::invalid, "expected " + std::to_string(out.size() * 2) + " hex digits, got " +
                                       std::to_string(hex.size()) + " characters");
    for (std::size_t i = 0; i < out.size(); ++i) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return fail(Errc::invalid,
                        "not a hex digit at position " + std::to_string(2 * i + (high < 0 ? 0 : 1)));
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return {};
}

Result<Bytes> from_hex(std::string_view hex) {
    if (hex.size() % 2)
        return fail(Errc::invalid, "odd number of hex digits (" + std::to_string(hex.size()) + ")");
    Bytes out(hex.size() / 2);
    HP_DO(from_hex_into(hex, out));
    return out;
}

std::string printable(std::string_view untrusted, std::size_t limit) {
    std::string out;
    for (unsigned char c : untrusted) {
        if (out.size() >= limit) return out + "...";
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            out += static_cast<char>(c);
        } else {
            out += "\\x";
            out += kDigits[c >> 4];
            out += kDigits[c & 15];
        }
    }
    return out;
}

}  // namespace hp
