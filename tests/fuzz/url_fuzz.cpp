// Whatever stands where a URL belongs: keys, options, tokens of others, request lines, Host and Origin. All
// readers agree: what a configuration may hold can be dialled, and a URL says the same after it was read and
// written.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "base/url.hpp"
#include "config/rule.hpp"
#include "miner/url.hpp"
#include "net/http_names.hpp"
#include "net/http_url.hpp"
#include "recordio/event_sink.hpp"
#include "wallet/token_check.hpp"

namespace {

using namespace hp;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "url_fuzz: %s\n", what);
    std::abort();
}

void check_url(const std::string& text) {
    const auto url = url_from_text(text);
    if (!url) return require(!url.error().what.empty(), "an error without a word");
    require(!url->scheme.empty() && !url->authority.host.empty(), "no scheme or no host");
    require(url->authority.port != 0, "port 0");
    require(url->path.empty() || url->path.front() == '/', "a path without its slash");
    const auto again = url_from_text(url->origin() + url->path + (url->query ? "?" + *url->query : ""));
    require(
        again && again->origin() == url->origin() && again->path == url->path && again->query == url->query,
        "read, written and read again, it is another");
}

void check_agreement(const std::string& text) {
    const auto endpoint = net::endpoint_from_text(text);
    if (config::check(config::endpoint(), config::Setting{text}) && !text.empty())
        require(endpoint && endpoint->port != 0, "a key's address that cannot be dialled");
    if (endpoint) require(net::endpoint_from_text(endpoint->text()) == *endpoint, "an address that changes");
    const auto http = net::http_url_from_text(text);
    if (config::check(config::url(), config::Setting{text}) && !text.empty())
        require(http.has_value(), "a key's URL that cannot be dialled");
    const auto normal = wallet::normal_url(text);
    require(wallet::normal_url(normal) == normal, "a normal URL that is not");
    if (http)
        require(net::http_url_from_text(normal)->endpoint == http->endpoint, "normal, it leads elsewhere");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(reinterpret_cast<const char*>(data), size);
    check_url(text);
    check_agreement(text);
    if (const auto authority = authority_from_text(text))
        require(authority_from_text(authority->text()) == *authority, "an authority that changes");
    (void)miner::url_from_text(text);
    (void)recordio::noise_target_from_text(text);
    (void)query_parameters(text);
    if (const auto target = request_target_from_text(text))
        require(target->path.find('\0') == target->path.npos, "a path with a NUL");
    static const net::HttpNames names{{"127.0.0.1", 3031}, {"pool.example"}};
    net::HttpRequest request;
    request.host = text.substr(0, text.find('\n'));
    request.headers.emplace_back("Origin", text.substr(std::min(text.size(), request.host.size() + 1)));
    (void)names.fault_of(request);
    return 0;
}
