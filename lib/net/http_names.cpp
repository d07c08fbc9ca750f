#include "net/http_names.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "base/bytes.hpp"
#include "base/url.hpp"

namespace hp::net {
namespace {

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

bool is_address(const std::string& host) {
    in6_addr any{};
    return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

}  // namespace

HttpNames::HttpNames(const Endpoint& listen, std::vector<std::string> public_names)
    : listen_host_{lower(listen.host)},
      listens_everywhere_{listen.host == "0.0.0.0" || listen.host == "::"},
      public_names_{std::move(public_names)} {
    for (std::string& name : public_names_) name = lower(std::move(name));
}

bool HttpNames::is_public(const std::string& host) const {
    return std::ranges::find(public_names_, host) != public_names_.end();
}

bool HttpNames::is_ours(const std::string& host) const {
    if (Endpoint{host, 0}.is_loopback() || host == listen_host_ || is_public(host)) return true;
    return listens_everywhere_ && is_address(host);
}

std::optional<std::string> HttpNames::fault_of(const HttpRequest& request) const {
    const auto asked = authority_from_text(request.host);
    if (!asked || !is_ours(asked->host))
        return "host " + printable(request.host, 60) + " is not one of this server's names (public_names)";
    std::size_t origins = 0;
    for (const auto& [name, value] : request.headers)
        if (lower(name) == "origin") ++origins;
    if (origins == 0) return {};  // not from a browser, or a page's own GET
    const std::string text = request.header("origin");
    const auto origin = url_from_text(text);
    const bool is_origin = origin && origin->path.empty() && !origin->query;
    // A page from another port of this host belongs to another program.
    const bool is_right = is_origin && (origin->authority == *asked || is_public(origin->authority.host));
    if (origins == 1 && is_right) return {};
    return "origin " + printable(text, 60) + " is not this server's own (public_names)";
}

}  // namespace hp::net
