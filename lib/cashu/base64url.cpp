#include "cashu/base64url.hpp"

namespace hp::cashu {
namespace {

constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int sextet(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    if (c == '-' || c == '+') return 62;
    if (c == '_' || c == '/') return 63;
    return -1;
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string base64url_encode(ByteView bytes) {
    std::string out;
    out.reserve((bytes.size() * 4 + 2) / 3);
    std::uint32_t window = 0;
    unsigned bits = 0;
    for (std::uint8_t byte : bytes) {
        window = window << 8 | byte;
        for (bits += 8; bits >= 6; bits -= 6) out += kAlphabet[window >> (bits - 6) & 63];
    }
    if (bits > 0) out += kAlphabet[window << (6 - bits) & 63];
    return out;
}

Result<Bytes> base64url_decode(std::string_view text) {
    Bytes out;
    out.reserve(text.size() * 3 / 4);
    std::uint32_t window = 0;
    std::size_t digits = 0, padding = 0;
    auto bad = [](std::size_t position, const char* why) {
        return fail(Errc::invalid, "position " + std::to_string(position) + ": " + why);
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (is_space(text[i])) continue;
        if (text[i] == '=') {
            ++padding;
            continue;
        }
        int value = sextet(text[i]);
        if (value < 0) return bad(i, "not a base64 character");
        if (padding > 0) return bad(i, "a character after the padding");
        window = window << 6 | static_cast<std::uint32_t>(value);
        // The 2nd, 3rd and 4th digit of each four complete a byte.
        std::size_t place = digits++ % 4;
        if (place > 0) out.push_back(static_cast<std::uint8_t>(window >> (6 - 2 * place)));
    }
    std::size_t left = digits % 4;
    if (left == 1) return bad(text.size(), "cut off: a single base64 character is left");
    if (left == 2 && (window & 15)) return bad(text.size(), "cut off: the last character has bits left over");
    if (left == 3 && (window & 3)) return bad(text.size(), "cut off: the last character has bits left over");
    if (padding > 0 && (digits + padding) % 4 != 0) return bad(text.size(), "wrong padding");
    if (padding > 2) return bad(text.size(), "wrong padding");
    return out;
}

}  // namespace hp::cashu
