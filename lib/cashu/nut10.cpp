#include "cashu/nut10.hpp"

#include <optional>
#include <string>

namespace hp::cashu {
namespace {

void skip_space(std::string_view& text) {
    auto start = text.find_first_not_of(" \t\r\n");
    text.remove_prefix(start == std::string_view::npos ? text.size() : start);
}

/// A four-digit \u escape of an ASCII character, or nothing (no kind that we know has others).
std::optional<char> ascii_escape(std::string_view digits) {
    unsigned value = 0;
    for (char c : digits) {
        unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                         : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A' + 10)
                                                : 16u;
        if (digit == 16) return std::nullopt;
        value = value * 16 + digit;
    }
    if (digits.size() != 4 || value >= 0x80) return std::nullopt;
    return static_cast<char>(value);
}

/// The JSON string at the start of the text, unescaped. A kind may be spelled with escapes.
std::optional<std::string> leading_string(std::string_view text) {
    if (text.empty() || text.front() != '"') return std::nullopt;
    std::string out;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] == '"') return out;
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size() || text[i] != 'u') return std::nullopt;
        auto c = ascii_escape(text.substr(i + 1, 4));
        if (!c) return std::nullopt;
        out += *c;
        i += 4;
    }
    return std::nullopt;
}

}  // namespace

SecretKind secret_kind(std::string_view secret) {
    skip_space(secret);
    if (secret.empty() || secret.front() != '[') return SecretKind::plain;
    secret.remove_prefix(1);
    skip_space(secret);
    auto kind = leading_string(secret);
    if (kind == "P2PK") return SecretKind::p2pk;
    if (kind == "HTLC") return SecretKind::htlc;
    return SecretKind::plain;
}

}  // namespace hp::cashu
