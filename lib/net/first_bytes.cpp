#include "net/first_bytes.hpp"

namespace hp::net {

namespace {

/// Each printable byte has odds of 98 in 256; after 24 of them chance is below 2^-33.
constexpr std::size_t kTextIsCertain = 24;

bool is_text(ByteView bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t c) {
        return (c >= 0x20 && c < 0x7f) || c == '\r' || c == '\n' || c == '\t';
    });
}

bool is_tls_client_hello(ByteView b) {
    // Record: handshake (22), version 3.x, length; then client_hello (1) and the high byte of its length (0).
    return b.size() >= 7 && b[0] == 0x16 && b[1] == 0x03 && b[2] <= 0x04 && b[3] <= 0x40 && b[5] == 0x01 &&
           b[6] == 0x00;
}

bool is_plain_setup_connection(ByteView b) {
    // SetupConnection in the clear: extension 0, type 0, a length below 256, then a protocol (0..2) and
    // min_version 2.
    return b.size() >= 9 && b[0] == 0 && b[1] == 0 && b[2] == 0 && b[4] == 0 && b[5] == 0 && b[6] <= 2 &&
           b[7] == 2 && b[8] == 0;
}

}  // namespace

std::string_view guess_plain_protocol(ByteView first_bytes) {
    if (is_tls_client_hello(first_bytes)) return "TLS";
    if (is_plain_setup_connection(first_bytes)) return "SV2 without encryption";
    std::string_view text = as_text(first_bytes);
    if (text.starts_with("SSH-2.0") || text.starts_with("SSH-1.")) return "SSH";
    if (!is_text(first_bytes)) return {};
    for (std::string_view method : {"GET /", "POST /", "PUT /", "HEAD /", "OPTIONS ", "CONNECT ", "DELETE /"})
        if (text.starts_with(method)) return "HTTP";
    if (text.starts_with("PRI * HTTP/2")) return "HTTP";
    if (text.size() >= 12 && text.starts_with("{\"")) return "SV1 (JSON)";
    if (text.size() >= kTextIsCertain) return "text";
    return {};
}

}  // namespace hp::net
