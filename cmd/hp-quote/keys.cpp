// hp-quote decode key: what kind of key is this text?
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cashu/keyset_id.hpp"
#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "decode.hpp"
#include "input.hpp"

namespace hp::hp_quote {
namespace {

using Forms = std::vector<std::pair<std::string, std::string>>;

/// The longest key.
constexpr std::size_t kKeySizeMax = 256;
constexpr std::string_view kXOnly = "x-only public key";

Forms of_xonly(std::string kind, const crypto::XOnlyKey32& key) {
    return {
        {"kind", std::move(kind)}, {"xonly", to_hex(key)}, {"authority", crypto::authority_key_text(key)}};
}

Forms of_secret(const crypto::SecretKey& key) {
    return {{"kind", "secret key"},
            {"secret", "not shown"},
            {"pubkey", to_hex(key.public_key())},
            {"xonly", to_hex(key.xonly())},
            {"authority", crypto::authority_key_text(key.xonly())}};
}

Result<Forms> of_pubkey(const Bytes33& key) {
    if (!crypto::is_valid_public_key(key))
        return fail(Errc::invalid, "66 hex digits that are not a point on the curve");
    auto out = of_xonly("public key", to_array<32>(ByteView{key}.subspan(1)));
    out.insert(out.begin() + 1, {"pubkey", to_hex(key)});
    return out;
}

Forms of_keyset(const cashu::KeysetId& id) {
    const char* version = id.version() == 0 ? "1" : "2";
    return {{"kind", id.is_short() ? "keyset id, shortened for a token" : "keyset id"},
            {"keyset_id", id.hex()},
            {"version", version}};
}

/// Never repeat unrecognized text: it may be a secret with a typo.
Result<Forms> read_key(const std::string& text) {
    if (const auto authority = crypto::authority_key_from_text(text))
        return of_xonly("authority key", *authority);
    if (const auto secret = crypto::secret_key_from_text(text)) return of_secret(*secret);
    if (const auto id = cashu::KeysetId::from_hex(text)) return of_keyset(*id);
    if (const auto pubkey = array_from_hex<33>(text)) return of_pubkey(*pubkey);
    if (const auto xonly = array_from_hex<32>(text)) {
        if (crypto::is_valid_xonly(*xonly)) return of_xonly(std::string{kXOnly}, *xonly);
        return fail(Errc::invalid, "64 hex digits that are not the x of a point on the curve");
    }
    return fail(Errc::invalid, "not a known kind of key",
                "base58check, or hex with 16 digits (keyset id), 64 (x-only) or 66 (public key, keyset id)");
}

}  // namespace

Result<> decode_key(const DecodeKeyOptions& options) {
    const auto& [text, out, json] = options;
    HP_TRY(auto key, text_or_stdin(text, kKeySizeMax));
    key.erase(key.find_last_not_of(" \t\r\n") + 1);
    HP_TRY(const auto forms, read_key(key));
    if (!out.empty()) {
        const auto secret = crypto::secret_key_from_text(key);
        if (!secret) return fail(Errc::usage, "--out is for secret keys, and this is not one in base58check");
        HP_DO(cli::write_secret(out, to_hex(secret->bytes())));
    }
    nlohmann::ordered_json object;
    for (const auto& [name, value] : forms) {
        object[name] = value;
        if (!json) std::printf("%s %s\n", name.c_str(), value.c_str());
    }
    if (json) std::printf("%s\n", object.dump().c_str());
    if (forms.front().second == "secret key" && !is_stdin(text))
        std::fputs("hp-quote: warning: a secret on the command line is visible to other users; use -\n",
                   stderr);
    if (forms.front().second == kXOnly)
        std::fputs(
            "hp-quote: hint: taken for a public key; a secret key in hex is read by hp-config pubkey\n",
            stderr);
    return {};
}

}  // namespace hp::hp_quote
