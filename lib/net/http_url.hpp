// Base URLs of HTTP servers, as the client dials them.
#pragma once
#include "net/loop.hpp"

namespace hp::net {

struct HttpUrl {
    bool is_https{false};
    Endpoint endpoint;
    std::string path;  ///< empty, or "/prefix" without a trailing slash
    /// The host, with the port if it is not the scheme's default.
    std::string host_header() const;
    /// "https://host/prefix": one text for all ways to write it.
    std::string text() const { return (is_https ? "https://" : "http://") + host_header() + path; }
};
/// http or https, no user, query or fragment.
Result<HttpUrl> http_url_from_text(std::string_view text);

/// A warning if the URL goes to another machine without TLS: "is http://..., another machine without TLS:
/// ...".
bool is_exposed(std::string_view url);
std::string exposed_text(std::string_view url);

}  // namespace hp::net
