#include "net/first_bytes.hpp"

namespace hp::net {

namespace {

/// A random byte is printable with odds of 98 in 256; 24 in a row are below 2^-33.
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

constexpr std::string_view kProxyHeader = "a PROXY protocol header";

/// Version 2 begins with these bytes, version 1 with a word and a protocol.
constexpr std::string_view kProxySignature{"\r\n\r\n\0\r\nQUIT\n", 12};

bool is_proxy_header(ByteView bytes) {
    const auto text = as_text(bytes);
    return text.starts_with(kProxySignature) || text.starts_with("PROXY TCP") ||
           text.starts_with("PROXY UNKNOWN");
}

bool is_http(std::string_view text) {
    for (std::string_view method : {"GET /", "POST /", "PUT /", "HEAD /", "OPTIONS ", "CONNECT ", "DELETE /",
                                    "PATCH /", "PRI * HTTP/2"})
        if (text.starts_with(method)) return true;
    return text.starts_with("HTTP/1.");  // a response, if we dialled
}

bool is_ssh(std::string_view text) { return text.starts_with("SSH-2.0") || text.starts_with("SSH-1."); }

}  // namespace

std::string_view guess_not_lines(ByteView first_bytes) {
    const std::string_view text = as_text(first_bytes);
    if (const auto begin = text.find_first_not_of(" \t\r\n"); begin != text.npos && text[begin] == '{')
        return {};
    if (is_tls_client_hello(first_bytes)) return "TLS";
    if (is_proxy_header(first_bytes)) return kProxyHeader;
    if (is_http(text)) return "HTTP";
    if (is_ssh(text)) return "SSH";
    // Act 1 of Noise NX, or anything else that is not text: no line begins like this.
    constexpr std::size_t kAct1Size = 64;
    if (first_bytes.size() >= kAct1Size && !is_text(first_bytes.first(kTextIsCertain))) return "SV2 (Noise)";
    return {};
}

bool may_become_not_lines(ByteView first_bytes) {
    return !first_bytes.empty() && first_bytes.size() < kProxySignature.size() &&
           kProxySignature.starts_with(as_text(first_bytes));
}

std::string http_refusal(std::string_view port_speaks) {
    const std::string body = "This port speaks " + std::string(port_speaks) + ", not HTTP.\n";
    return "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body;
}

std::string_view guess_plain_protocol(ByteView first_bytes) {
    if (is_tls_client_hello(first_bytes)) return "TLS";
    if (is_proxy_header(first_bytes)) return kProxyHeader;
    if (is_plain_setup_connection(first_bytes)) return "SV2 without encryption";
    std::string_view text = as_text(first_bytes);
    if (is_ssh(text)) return "SSH";
    if (!is_text(first_bytes)) return {};
    if (is_http(text)) return "HTTP";
    if (text.size() >= 12 && text.starts_with("{\"")) return "SV1 (JSON)";
    if (text.size() >= kTextIsCertain) return "text";
    return {};
}

}  // namespace hp::net
