#include "miner/url.hpp"

#include "crypto/base58.hpp"

namespace hp::miner {
namespace {

constexpr std::string_view kSv1 = "stratum+tcp://";
constexpr std::string_view kSv2 = "stratum2+tcp://";
constexpr const char* kForms = "use stratum+tcp://HOST:PORT or stratum2+tcp://HOST:PORT/AUTHORITYKEY";

Result<net::Endpoint> endpoint_of(std::string_view text) {
    auto endpoint = net::endpoint_from_text(text);
    if (!endpoint)
        return fail(Errc::usage, "'" + printable(text) + "' is not HOST:PORT: " + endpoint.error().what,
                    kForms);
    if (endpoint->port == 0) return fail(Errc::usage, "'" + printable(text) + "': port 0", kForms);
    return endpoint;
}

}  // namespace

Result<Url> url_from_text(std::string_view text) {
    if (text.starts_with(kSv1)) {
        std::string_view rest = text.substr(kSv1.size());
        if (rest.ends_with('/')) rest.remove_suffix(1);
        HP_TRY(auto endpoint, endpoint_of(rest));
        return Url{std::move(endpoint), std::nullopt};
    }
    if (text.starts_with(kSv2)) {
        const std::string_view rest = text.substr(kSv2.size());
        const auto slash = rest.find('/');
        HP_TRY(auto endpoint, endpoint_of(rest.substr(0, slash)));
        if (slash == std::string_view::npos || slash + 1 == rest.size())
            return fail(Errc::usage, "'" + printable(text) + "' has no authority key", kForms);
        const std::string_view key_text = rest.substr(slash + 1);
        auto key = crypto::authority_key_from_text(key_text);
        if (!key)
            return fail(Errc::usage,
                        "'" + printable(key_text) + "' is not an authority key: " + key.error().what, kForms);
        return Url{std::move(endpoint), *key};
    }
    return fail(Errc::usage, "'" + printable(text) + "' is not a stratum URL", kForms);
}

}  // namespace hp::miner
