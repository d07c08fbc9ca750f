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

struct Target {
    std::string path;
    std::string query;
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
