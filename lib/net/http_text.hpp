// The small texts of HTTP: percent encoding, URLs, dates. Internal to this room.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "net/loop.hpp"

namespace hp::net {

/// "%41" -> "A"; nothing for a broken escape or an escaped NUL.
std::optional<std::string> percent_decode(std::string_view text);

struct Authority {
    std::string host;  ///< lower case, an IPv6 address without its brackets
    std::optional<std::uint16_t> port;
};
/// "host", "host:port" or "[v6]:port", as the Host header has it; nothing for user names, blanks, an empty
/// host.
std::optional<Authority> authority_from_text(std::string_view text);

struct Target {
    std::string path;
    std::string query;
    std::string authority{};  ///< of the absolute form; takes precedence over Host (RFC 9112 3.2.2)
};
/// Path and query of a request target in origin form ("/a?b") or absolute form ("http://host/a?b").
std::optional<Target> split_target(std::string_view target);

struct Url {
    bool is_https{false};
    Endpoint endpoint;
    std::string host_header;  ///< host, with the port when it is not the scheme's own
    std::string path;         ///< empty, or "/prefix" without a slash at the end
};
Result<Url> url_from_text(std::string_view text);

/// RFC 9110 date, "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(UnixSeconds when);

}  // namespace hp::net
