#include "crypto/base64url.hpp"

#include <sodium.h>

namespace hp::crypto {
namespace {

constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

std::string base64url_encode(ByteView bytes) {
    std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes.data(), bytes.size(), kVariant);
    out.pop_back();  // the terminator
    return out;
}

Result<Bytes> base64url_decode(std::string_view text) {
    const auto bad = [](std::size_t position, const char* why) {
        return fail(Errc::invalid, "position " + std::to_string(position) + ": " + why);
    };
    // Accept both alphabets; keep blanks, so that positions are those of the text.
    std::string digits{text};
    std::size_t padding = 0, count = 0;
    for (std::size_t i = 0; i < digits.size(); ++i) {
        char& c = digits[i];
        if (c == '=') {
            ++padding;
            c = ' ';
        } else if (!is_space(c)) {
            if (c == '+') c = '-';
            if (c == '/') c = '_';
            if (c == '\0') return bad(i, "not a base64 character");  // libsodium would skip it
            if (padding > 0) return bad(i, "a character after the padding");
            ++count;
        }
    }
    Bytes out(digits.size() * 3 / 4 + 1);
    std::size_t size = 0;
    const char* end = nullptr;
    const int decoded = sodium_base642bin(out.data(), out.size(), digits.data(), digits.size(), " \t\r\n",
                                          &size, &end, kVariant);
    const auto stop = static_cast<std::size_t>(end - digits.data());
    if (stop < digits.size()) return bad(stop, "not a base64 character");
    if (count % 4 == 1) return bad(text.size(), "truncated: a single base64 character is left");
    if (decoded != 0) return bad(text.size(), "truncated: the last character has bits left over");
    if (padding > 2 || (padding > 0 && (count + padding) % 4 != 0)) return bad(text.size(), "wrong padding");
    out.resize(size);
    return out;
}

}  // namespace hp::crypto
