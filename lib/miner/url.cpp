#include "miner/url.hpp"

#include "base/url.hpp"
#include "crypto/base58.hpp"

namespace hp::miner {
namespace {

constexpr const char* kForms = "use stratum+tcp://HOST:PORT or stratum2+tcp://HOST:PORT/AUTHORITYKEY";

}  // namespace

Result<Url> url_from_text(std::string_view text) {
    const auto bad = [&](const std::string& why) {
        return fail(Errc::usage, "'" + printable_url(text) + "' " + why, kForms);
    };
    const auto url = hp::url_from_text(text);
    if (!url) return bad("is not a stratum URL: " + url.error().what);
    const bool is_sv2 = url->scheme == "stratum2+tcp";
    if (!is_sv2 && url->scheme != "stratum+tcp") return bad("is not a stratum URL");
    if (!url->authority.port) return bad("has no port");
    if (url->query) return bad("has a query (?), which means nothing here");
    Url out{{url->authority.host, *url->authority.port}, {}};
    const auto path = std::string_view(url->path).substr(url->path.empty() ? 0 : 1);
    if (!is_sv2) {
        if (!path.empty()) return bad("has a path, which means nothing to SV1");
        return out;
    }
    if (path.empty()) return bad("has no authority key");
    auto key = crypto::authority_key_from_text(path);
    if (!key)
        return fail(Errc::usage, "'" + printable(path) + "' is not an authority key: " + key.error().what,
                    kForms);
    out.authority = *key;
    return out;
}

}  // namespace hp::miner
