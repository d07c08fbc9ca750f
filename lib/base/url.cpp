#include "base/url.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/grammar/ci_string.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/parse_query.hpp>
#include <boost/url/rfc/pchars.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

#include "base/bytes.hpp"
#include "base/host.hpp"

namespace hp {
namespace {

namespace urls = boost::urls;

constexpr const char* kUserFault = "user and password do not belong here";
constexpr const char* kPortFault = "the port must be 0 to 65535";
constexpr const char* kStray = "a character must be percent-encoded, or a % lacks its two hex digits";
constexpr auto kTargetCharacters = urls::pchars + urls::grammar::lut_chars("/?");

std::string_view view(urls::string_view text) { return {text.data(), text.size()}; }

Result<std::optional<std::uint16_t>> port_from(std::string_view text) {
    std::uint16_t port = 0;
    if (text.empty()) return std::nullopt;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc{} || end != text.data() + text.size()) return fail(Errc::invalid, kPortFault);
    return port;
}

/// Of text that Boost.URL does not take.
const char* fault_of_authority(std::string_view text) {
    if (text.find('@') != text.npos) return kUserFault;
    const auto colon = text.starts_with('[') ? text.find(':', text.find(']')) : text.rfind(':');
    if (const char* fault = host_fault(text.substr(0, colon))) return fault;
    return kPortFault;
}

Result<Authority> checked(const urls::authority_view& read) {
    if (read.has_userinfo()) return fail(Errc::invalid, kUserFault);
    if (const char* fault = host_fault(view(read.encoded_host()))) return fail(Errc::invalid, fault);
    Authority out;
    HP_TRY(out.port, port_from(view(read.port())));
    if (read.host_type() == urls::host_type::ipv6) {
        out.host = read.host_ipv6_address().to_string();
    } else {
        for (const char c : view(read.encoded_host())) out.host += urls::grammar::to_lower(c);
    }
    return out;
}

/// Nothing for a NUL, which would end a C string below.
std::optional<std::string> decoded(urls::pct_string_view text, urls::encoding_opts options = {}) {
    auto out = text.decode(options);
    return out.find('\0') == out.npos ? std::optional{std::move(out)} : std::nullopt;
}

std::string with_strays_escaped(std::string_view target) {
    std::string out;
    for (const char c : target)
        out += c == '%' || kTargetCharacters(c) ? std::string(1, c)
                                                : urls::encode({&c, 1}, urls::unreserved_chars);
    return out;
}

/// Of text behind "//" that Boost.URL does not take.
std::string fault_of_rest(std::string_view rest) {
    const auto authority = authority_from_text(rest.substr(0, rest.find_first_of("/?#")));
    if (!authority) return authority.error().what;
    return kStray;
}

}  // namespace

std::string Authority::text() const {
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + (port ? ":" + std::to_string(*port) : "");
}

Result<Authority> authority_from_text(std::string_view text) {
    const auto read = urls::parse_authority(text);
    if (!read) return fail(Errc::invalid, fault_of_authority(text));
    return checked(*read);
}

Result<Url> url_from_text(std::string_view text) {
    constexpr std::string_view kBegin = "://";
    const auto begin = text.find(kBegin);
    if (begin == text.npos || begin == 0) return fail(Errc::invalid, "expected SCHEME://HOST");
    const auto read = urls::parse_uri(text);
    if (!read) return fail(Errc::invalid, fault_of_rest(text.substr(begin + kBegin.size())));
    if (!read->has_authority()) return fail(Errc::invalid, "expected SCHEME://HOST");
    Url out;
    out.path = view(read->encoded_path());
    // Boost 1.81 takes the x of "http://host:x" for a path.
    if (!out.path.empty() && out.path.front() != '/')
        return fail(Errc::invalid, fault_of_rest(text.substr(begin + kBegin.size())));
    HP_TRY(out.authority, checked(read->authority()));
    if (out.authority.port == 0) return fail(Errc::invalid, "the port is 0");
    if (read->has_fragment()) return fail(Errc::invalid, "a fragment (#) does not belong here");
    for (const char c : view(read->scheme())) out.scheme += urls::grammar::to_lower(c);
    if (read->has_query()) out.query = view(read->encoded_query());
    return out;
}

std::string printable_url(std::string_view text) {
    const auto slashes = text.find("//");
    const auto begin = slashes == text.npos ? 0 : slashes + 2;
    const auto at = text.substr(0, text.find_first_of("/?#", begin)).rfind('@');
    if (at == text.npos || at < begin) return printable(text);
    return printable(std::string(text.substr(0, begin)) + "..." + std::string(text.substr(at)));
}

std::optional<RequestTarget> request_target_from_text(std::string_view text) {
    RequestTarget out;
    std::string target = with_strays_escaped(text);
    if (!target.starts_with('/')) {
        const auto url = url_from_text(target);
        if (!url || (url->scheme != "http" && url->scheme != "https")) return std::nullopt;
        out.authority = url->authority.text();
        target = (url->path.empty() ? "/" : url->path) + (url->query ? "?" + *url->query : "");
    }
    const auto read = urls::parse_origin_form(target);
    if (!read) return std::nullopt;
    auto path = decoded(read->encoded_path());
    if (!path) return std::nullopt;
    out.path = *std::move(path);
    out.query = view(read->encoded_query());
    return out;
}

Result<std::map<std::string, std::string>> query_parameters(std::string_view query) {
    const auto read = urls::parse_query(query);
    if (!read) return fail(Errc::invalid, "the query '" + printable(query, 64) + "' is malformed: " + kStray);
    const urls::encoding_opts form{true};  // + is a space
    std::map<std::string, std::string> out;
    for (const auto& [name, value, has_value] : *read) {
        if (name.empty() && !has_value) continue;  // "a=1&&b=2"
        const auto key = decoded(name, form), text = decoded(value, form);
        if (!key || !text || key->empty())
            return fail(Errc::invalid, "the query's '" + printable(view(name), 64) + "' is malformed");
        if (!out.emplace(*key, *text).second)
            return fail(Errc::invalid, "the query has '" + printable(*key, 64) + "' twice");
    }
    return out;
}

}  // namespace hp
