// HOST and PORT of text that already passed the endpoint rule.
#pragma once
#include <string>

#include "base/url.hpp"

namespace hp::hp_config {

struct Place {
    std::string host, port;
    explicit Place(const std::string& text)
        : host{text.substr(0, text.rfind(':'))}, port{text.substr(text.rfind(':') + 1)} {}
    bool is_any() const { return host == "0.0.0.0" || host == "[::]"; }
    bool is_loopback() const { return host == "localhost" || host == "[::1]" || host.starts_with("127."); }
};

/// HOST:PORT of a URL that passed the url rule, with the scheme's port if it names none; empty for no URL.
inline std::string authority_of(const std::string& text) {
    auto url = url_from_text(text);
    if (!url) return {};
    if (!url->authority.port) url->authority.port = url->scheme == "https" ? 443 : 80;
    return url->authority.text();
}

inline bool is_loopback_url(const std::string& url) { return Place{authority_of(url)}.is_loopback(); }
inline bool is_tls_url(const std::string& text) {
    const auto url = url_from_text(text);
    return url && url->scheme == "https";
}

}  // namespace hp::hp_config
