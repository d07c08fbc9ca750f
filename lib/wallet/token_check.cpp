#include "wallet/token_check.hpp"

#include <set>

#include "cashu/nut10.hpp"
#include "cashu/nut12.hpp"
#include "wallet/choose.hpp"

namespace hp::wallet {
namespace {

tl::unexpected<Error> bad_proof(std::size_t index, const std::string& what) {
    return fail(Errc::refused, "proof " + std::to_string(index) + " of the token " + what);
}

Result<> check_proof(const cashu::Proof& proof, std::size_t index, const Keyring& keyring) {
    const cashu::Keyset* keyset = keyring.find(proof.id);
    if (!keyset)
        return bad_proof(index, "is of keyset '" + proof.id.hex() + "', which the mint does not know");
    auto kind = cashu::secret_kind(proof.secret);
    if (kind == cashu::SecretKind::p2pk)
        return bad_proof(index, "is locked to a key (P2PK), which this wallet does not open");
    if (kind == cashu::SecretKind::htlc)
        return bad_proof(index, "is locked by a hash (HTLC), which this wallet does not open");
    if (proof.secret.size() > cashu::kSecretSizeMax)
        return bad_proof(index, "has a secret of more than 1024 bytes");
    auto key = keyset->keys.find(proof.amount);
    if (proof.amount > kAmountMax || key == keyset->keys.end())
        return bad_proof(index,
                         "is worth " + std::to_string(proof.amount) + ", for which its keyset has no key");
    if (!crypto::is_valid_public_key(proof.C)) return bad_proof(index, "has a signature that is no point");
    if (proof.dleq && !cashu::verify_dleq(key->second, proof.secret, proof.C, *proof.dleq))
        return bad_proof(index, "has a DLEQ proof that does not verify");
    return {};
}

}  // namespace

std::string normal_url(std::string_view url) {
    while (url.ends_with('/')) url.remove_suffix(1);
    std::string out{url};
    std::size_t host = out.find("://");
    std::size_t end = host == std::string::npos ? 0 : std::min(out.find('/', host + 3), out.size());
    for (std::size_t i = 0; i < end; ++i)
        if (out[i] >= 'A' && out[i] <= 'Z') out[i] = static_cast<char>(out[i] | 0x20);
    return out;
}

Result<cashu::Token> read_token(std::string_view text, std::string_view mint_url, std::string_view unit) {
    if (text.size() > cashu::kTokenSizeMax)
        return fail(Errc::invalid, "the token has " + std::to_string(text.size()) + " characters, at most " +
                                       std::to_string(cashu::kTokenSizeMax) + " are read");
    HP_TRY(auto token, cashu::decode_token(text));
    if (normal_url(token.mint) != normal_url(mint_url))
        return fail(Errc::refused,
                    "the token is of mint '" + printable(token.mint) + "', this wallet's is '" +
                        printable(mint_url) + "'",
                    "take it with a wallet of that mint");
    if (token.unit != unit)
        return fail(Errc::refused, "the token is of unit '" + printable(token.unit, 32) +
                                       "', this wallet's is '" + printable(unit, 32) + "'");
    return token;
}

Result<std::vector<cashu::Proof>> check_proofs(const cashu::Token& token, const Keyring& keyring) {
    if (token.proofs.empty()) return fail(Errc::refused, "the token has no proofs");
    if (token.proofs.size() > kInputsMax)
        return fail(Errc::refused, "the token has " + std::to_string(token.proofs.size()) +
                                       " proofs, at most 1000 are taken at once");
    std::vector<cashu::Proof> out;
    std::set<std::string_view> secrets;
    for (std::size_t i = 0; i < token.proofs.size(); ++i) {
        if (!secrets.insert(token.proofs[i].secret).second) return bad_proof(i, "is there twice");
        HP_DO(check_proof(token.proofs[i], i, keyring));
        out.push_back(token.proofs[i]);
        // A plain secret takes no witness: some mints refuse one.
        out.back().witness.reset();
    }
    return out;
}

}  // namespace hp::wallet
