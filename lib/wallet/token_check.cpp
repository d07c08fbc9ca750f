#include "wallet/token_check.hpp"

#include <set>

#include "cashu/nut10.hpp"
#include "cashu/nut12.hpp"
#include "net/http_url.hpp"
#include "wallet/choose.hpp"

namespace hp::wallet {
namespace {

constexpr std::size_t kUrlSizeMax = 512;
/// Bytes of a keyset id with a whole SHA-256 of its keys (version 01).
constexpr std::size_t kFullIdSize = 33;

tl::unexpected<Error> bad_proof(std::size_t index, const std::string& what) {
    return fail(Errc::refused, "proof " + std::to_string(index) + " of the token " + what);
}

Result<> check_proof(const cashu::Proof& proof, std::size_t index, const Keyring& keyring) {
    const cashu::Keyset* keyset = keyring.find(proof.id);
    if (!keyset)
        return bad_proof(index, "is of keyset '" + proof.id.hex() + "', which is unknown to the mint");
    auto kind = cashu::secret_kind(proof.secret);
    if (kind == cashu::SecretKind::p2pk)
        return bad_proof(index, "is locked to a key (P2PK), which this wallet does not support");
    if (kind == cashu::SecretKind::htlc)
        return bad_proof(index, "is locked by a hash (HTLC), which this wallet does not support");
    if (proof.secret.size() > cashu::kSecretSizeMax)
        return bad_proof(index, "has a secret of more than 1024 bytes");
    auto key = keyset->keys.find(proof.amount);
    if (proof.amount > kAmountMax || key == keyset->keys.end())
        return bad_proof(index,
                         "is worth " + std::to_string(proof.amount) + ", for which its keyset has no key");
    if (!crypto::is_valid_public_key(proof.C)) return bad_proof(index, "has a signature that is not a point");
    if (proof.dleq && !cashu::verify_dleq(key->second, proof.secret, proof.C, *proof.dleq))
        return bad_proof(index, "has a DLEQ proof that does not verify");
    return {};
}

bool is_loopback(std::string_view url) {
    const auto parsed = net::http_url_from_text(normal_url(url));
    return parsed && parsed->endpoint.is_loopback();
}

/// "http://localhost:3338" for 127.0.0.1 and [::1] as well; other URLs unchanged.
std::string with_one_loopback(const std::string& normal) {
    auto parsed = net::http_url_from_text(normal);
    if (!parsed || (parsed->endpoint.host != "127.0.0.1" && parsed->endpoint.host != "::1")) return normal;
    parsed->endpoint.host = "localhost";
    return parsed->text();
}

}  // namespace

std::string normal_url(std::string_view url) {
    if (const auto parsed = net::http_url_from_text(url)) return parsed->text();
    return std::string(url.substr(0, url.find_last_not_of('/') + 1));
}

std::string token_url(std::span<const std::string> told, std::string_view mine) {
    std::string first;
    for (const std::string& url : told) {
        if (url.size() > kUrlSizeMax || !net::http_url_from_text(url)) continue;
        std::string normal = normal_url(url);
        if (normal == normal_url(mine)) return normal;
        if (first.empty()) first = std::move(normal);
    }
    return first;
}

bool MintNames::has(std::string_view name) const {
    const std::string normal = normal_url(name);
    return normal == url || std::ranges::find(aliases, normal) != aliases.end() ||
           with_one_loopback(normal) == with_one_loopback(url);
}

bool MintNames::is_told(std::string_view name) const {
    const auto is_name = [normal = normal_url(name)](const std::string& one) {
        return normal_url(one) == normal;
    };
    return is_loopback(url) && std::ranges::any_of(told, is_name);
}

std::string MintNames::why_not_asked(std::string_view name) const {
    if (name.size() > kUrlSizeMax || !net::http_url_from_text(normal_url(name))) return "it is not a URL";
    if (is_loopback(name) && !is_loopback(url)) return "it is a loopback address on its sender's machine";
    if (net::is_exposed(normal_url(name)) && !net::is_exposed(url))
        return "over plain HTTP anyone on the path could answer";
    return {};
}

Result<cashu::Token> read_token(std::string_view text, std::string_view unit) {
    if (text.size() > cashu::kTokenSizeMax)
        return fail(Errc::invalid, "the token has " + std::to_string(text.size()) + " characters, at most " +
                                       std::to_string(cashu::kTokenSizeMax) + " are accepted");
    HP_TRY(auto token, cashu::decode_token(text));
    if (token.unit != unit)
        return fail(Errc::refused, "the token is of unit '" + printable(token.unit, 32) +
                                       "', this wallet's is '" + printable(unit, 32) + "'");
    return token;
}

Result<> resolve_for_mint(cashu::Token& token, const MintNames& names,
                          std::span<const cashu::KeysetId> mint_keysets) {
    const bool is_named = names.has(token.mint);
    const std::string other = printable(token.mint);
    std::optional<std::size_t> unproven;
    for (std::size_t i = 0; i < token.proofs.size() && !unproven; ++i)
        if (token.proofs[i].id.bytes().size() < kFullIdSize && !token.proofs[i].dleq) unproven = i;
    const auto resolved = cashu::resolve_ids(token, mint_keysets);
    if (!resolved && is_named) return fail(resolved.error());
    if (!resolved)
        return fail(Errc::refused,
                    "the token is from mint '" + other + "', this wallet's is '" + printable(names.url) +
                        "', which does not have its keyset: " + resolved.error().what,
                    "receive it with a wallet of that mint");
    if (!is_named && unproven)
        return fail(Errc::refused,
                    "the token names mint '" + other + "', this wallet's is '" + printable(names.url) +
                        "', and proof " + std::to_string(*unproven) +
                        " of it does not prove that they are the same: it has a short keyset id and no DLEQ",
                    "if you know that they are the same mint, add '" + other +
                        "' to mint_aliases in shared/proxy.toml, or ask for a token with DLEQs");
    return {};
}

Result<std::vector<cashu::Proof>> check_proofs(const cashu::Token& token, const Keyring& keyring) {
    if (token.proofs.empty()) return fail(Errc::refused, "the token has no proofs");
    if (token.proofs.size() > kInputsMax)
        return fail(Errc::refused, "the token has " + std::to_string(token.proofs.size()) +
                                       " proofs, at most 1000 are accepted at once");
    std::vector<cashu::Proof> out;
    std::set<std::string_view> secrets;
    for (std::size_t i = 0; i < token.proofs.size(); ++i) {
        if (!secrets.insert(token.proofs[i].secret).second) return bad_proof(i, "appears twice");
        HP_DO(check_proof(token.proofs[i], i, keyring));
        out.push_back(token.proofs[i]);
        // A plain secret must have no witness: some mints refuse one.
        out.back().witness.reset();
    }
    return out;
}

}  // namespace hp::wallet
