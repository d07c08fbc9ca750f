// What can be said of a token before the mint is asked: every reason not to take it, in words.
#pragma once
#include "cashu/tokens.hpp"
#include "wallet/keyring.hpp"

namespace hp::wallet {

/// Scheme and host in lower case, without the scheme's own port and without a slash at the end.
std::string normal_url(std::string_view url);

/// What tokens call the mint: `mine` where it is among those that the mint tells of itself, else the first of
/// these that is a URL; empty where there is none. Only a name: no wallet of ours sends anything there
/// because of it.
std::string token_url(std::span<const std::string> told, std::string_view mine);

/// Reads the text (1 MiB at most) and refuses another unit.
Result<cashu::Token> read_token(std::string_view text, std::string_view unit);

/// Which names are the mint's. Its public keysets cannot say so: anybody can show another's as his own, and
/// would be given the other's proofs.
struct MintNames {
    std::string url;                   ///< normal, as the others
    std::vector<std::string> aliases;  ///< on the user's word: in his configuration, now or before
    std::vector<std::string> told{};   ///< by the user's own mint on this machine; else empty
    /// By the user's word, or the same port of this machine under another of loopback's names.
    bool has(std::string_view name) const;
    /// The mint is on loopback, and tells it.
    bool is_told(std::string_view name) const;
    /// Why the answer of whoever is at this URL would not be that mint's word; empty where it is.
    std::string why_not_asked(std::string_view name) const;
};

/// Replaces short keyset ids by those of `mint_keysets` that they stand for, and makes sure that the proofs
/// are under the keys that this mint shows. The short id of a proof does not say so, as a mint could have
/// made its own keys so that they give another's: where the token names another URL the proof needs a DLEQ as
/// well, which check_proofs() verifies. That both URLs are one mint is not said by this (MintNames).
Result<> resolve_for_mint(cashu::Token& token, const MintNames& names,
                          std::span<const cashu::KeysetId> mint_keysets);

/// Refuses too many proofs, duplicates, locks, amounts without a key, points that are none and DLEQ proofs
/// that do not verify. Keyset ids must be resolved; an unknown one is refused too. Gives the proofs as a swap
/// sends them.
Result<std::vector<cashu::Proof>> check_proofs(const cashu::Token& token, const Keyring& keyring);

}  // namespace hp::wallet
