// HOST and PORT of text that already passed the endpoint rule.
#pragma once
#include <string>

namespace hp::hp_config {

struct Place {
    std::string host, port;
    explicit Place(const std::string& text)
        : host{text.substr(0, text.rfind(':'))}, port{text.substr(text.rfind(':') + 1)} {}
    bool is_any() const { return host == "0.0.0.0" || host == "[::]"; }
    bool is_loopback() const { return host == "localhost" || host == "[::1]" || host.starts_with("127."); }
};

/// HOST:PORT of a URL that passed the url rule, with the scheme's port where it names none.
inline std::string authority_of(const std::string& url) {
    const bool is_tls = url.starts_with("https://");
    std::string out = url.substr(is_tls ? 8 : 7);
    out = out.substr(0, out.find('/'));
    const bool has_port = out.find(':', out.rfind(']') + 1) != std::string::npos;
    return has_port ? out : out + (is_tls ? ":443" : ":80");
}

inline bool is_loopback_url(const std::string& url) { return Place{authority_of(url)}.is_loopback(); }

}  // namespace hp::hp_config
