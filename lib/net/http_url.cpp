#include "net/http_url.hpp"

#include "base/url.hpp"

namespace hp::net {
namespace {

std::uint16_t own_port(bool is_https) { return is_https ? 443 : 80; }

}  // namespace

std::string HttpUrl::host_header() const {
    return endpoint.port == own_port(is_https) ? Authority{endpoint.host, {}}.text() : endpoint.text();
}

Result<HttpUrl> http_url_from_text(std::string_view text) {
    const auto bad = [&](const std::string& why) {
        return fail(Errc::invalid, "'" + printable_url(text) + "' is not a URL: " + why,
                    "write http://host:port or https://host");
    };
    const auto url = url_from_text(text);
    if (!url) return bad(url.error().what);
    HttpUrl out;
    out.is_https = url->scheme == "https";
    if (!out.is_https && url->scheme != "http") return bad("it does not start with http:// or https://");
    if (url->query) return bad("a base URL has no query");
    out.endpoint = {url->authority.host, url->authority.port.value_or(own_port(out.is_https))};
    out.path = url->path.substr(0, url->path.find_last_not_of('/') + 1);
    return out;
}

bool is_exposed(std::string_view url) {
    const auto parsed = http_url_from_text(url);
    return parsed && !parsed->is_https && !parsed->endpoint.is_loopback();
}

std::string exposed_text(std::string_view url) {
    return "is " + printable_url(url) +
           ", another machine without TLS: anyone on the path can read and change the traffic; use https://";
}

}  // namespace hp::net
