#include "net/http_text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>

#include "base/bytes.hpp"
#include "net/http.hpp"

namespace hp::net {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            if (text[i] == '\0') return std::nullopt;
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return std::nullopt;
        int high = hex_digit(text[i + 1]);
        int low = hex_digit(text[i + 2]);
        // %00 ends a C string somewhere below, where the rest of the path would be lost.
        if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

std::optional<Authority> authority_from_text(std::string_view text) {
    const auto colon = text.rfind(':');
    const bool is_v6 = text.starts_with('[');
    const bool has_port = colon != text.npos && (!is_v6 || text.find(']', colon) == text.npos);
    Authority out;
    std::string_view host = text.substr(0, has_port ? colon : text.npos);
    // "host:" is what RFC 3986 allows, too.
    if (has_port && colon + 1 < text.size()) {
        const std::string_view port = text.substr(colon + 1);
        std::uint16_t number = 0;
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
        if (error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
        out.port = number;
    }
    if (is_v6) {
        in6_addr address{};
        if (host.size() < 4 || host.back() != ']') return std::nullopt;
        host = host.substr(1, host.size() - 2);
        if (::inet_pton(AF_INET6, std::string(host).c_str(), &address) != 1) return std::nullopt;
    }
    if (host.empty() || host.size() > 253) return std::nullopt;
    for (const char c : host) {
        const bool is_right = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              c == '.' || c == '-' || c == '_' || (is_v6 && c == ':');
        if (!is_right) return std::nullopt;
        out.host += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
    return out;
}

std::optional<Target> split_target(std::string_view target) {
    std::string authority;
    for (std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        const std::size_t end = std::min(target.find_first_of("/?", scheme.size()), target.size());
        authority = target.substr(scheme.size(), end - scheme.size());
        if (!authority_from_text(authority)) return std::nullopt;
        target = end == target.size() ? "/" : target.substr(end);
        break;
    }
    if (target.empty() || target.front() != '/') return std::nullopt;
    std::size_t mark = target.find('?');
    auto path = percent_decode(target.substr(0, mark));
    if (!path) return std::nullopt;
    Target out{*std::move(path), {}, std::move(authority)};
    if (mark != std::string_view::npos) out.query = target.substr(mark + 1);
    return out;
}

Result<Url> url_from_text(std::string_view text) {
    auto bad = [&](const char* why) {
        return fail(Errc::invalid, "'" + printable(text) + "' is not a URL: " + why,
                    "write http://host:port or https://host");
    };
    Url url;
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        url.is_https = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return bad("it starts neither with http:// nor with https://");
    }
    std::size_t slash = std::min(rest.find('/'), rest.size());
    std::string authority{rest.substr(0, slash)};
    std::string_view path = rest.substr(slash);
    if (authority.find('@') != std::string::npos) return bad("user and password do not belong into it");
    if (path.find_first_of("?# \t\r\n") != std::string_view::npos) return bad("a base URL has no query");
    for (char c : path)
        if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7f)
            return bad("the path has a character that must be escaped");
    while (!path.empty() && path.back() == '/') path.remove_suffix(1);
    url.path = path;
    url.host_header = authority;
    std::size_t colon = authority.rfind(':');
    bool has_port = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
    if (!has_port) authority += url.is_https ? ":443" : ":80";
    auto endpoint = endpoint_from_text(authority);
    if (!endpoint) return bad(endpoint.error().what.c_str());
    url.endpoint = *std::move(endpoint);
    if (url.endpoint.port == 0) return bad("the port is 0");
    return url;
}

bool is_exposed(std::string_view url) {
    const auto parsed = url_from_text(url);
    return parsed && !parsed->is_https && !parsed->endpoint.is_loopback();
}

std::string exposed_text(std::string_view url) {
    return "is " + printable(url) +
           ", another machine without TLS: whoever is on the way can read and change what goes there; "
           "https:// hides it";
}

std::string http_date(UnixSeconds when) {
    static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::time_t seconds = when;
    std::tm tm{};
    ::gmtime_r(&seconds, &tm);
    char text[64];
    // Not strftime's %a and %b: those follow the locale.
    int size = std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                             kDays[static_cast<std::size_t>(tm.tm_wday)], tm.tm_mday,
                             kMonths[static_cast<std::size_t>(tm.tm_mon)], tm.tm_year + 1900, tm.tm_hour,
                             tm.tm_min, tm.tm_sec);
    return {text, static_cast<std::size_t>(size)};
}

Result<std::map<std::string, std::string>> query_parameters(std::string_view query) {
    std::map<std::string, std::string> out;
    while (!query.empty()) {
        const std::string_view part = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(part.size() + 1, query.size()));
        if (part.empty()) continue;
        std::string spaced{part};
        std::ranges::replace(spaced, '+', ' ');
        const std::size_t equals = std::min(spaced.find('='), spaced.size());
        const auto name = percent_decode(std::string_view(spaced).substr(0, equals));
        const auto value =
            percent_decode(std::string_view(spaced).substr(std::min(equals + 1, spaced.size())));
        if (!name || !value || name->empty())
            return fail(Errc::invalid, "the query's '" + printable(part, 64) + "' is malformed");
        if (!out.emplace(*name, *value).second)
            return fail(Errc::invalid, "the query has '" + printable(*name, 64) + "' twice");
    }
    return out;
}

}  // namespace hp::net
