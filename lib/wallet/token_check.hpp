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

/// The user's own names for the mint: its URL, and others in his configuration.
struct MintNames {
    std::string url;  ///< normal, as the others
    std::vector<std::string> aliases;
    bool has(std::string_view url) const;
};

/// Replaces short keyset ids by those of `mint_keysets` that they stand for, and makes sure that the proofs
/// are this mint's before it gets to see them. A token that names another URL is this mint's when its keysets
/// are; but the short id of a proof is no proof of that, as a mint could have made its own keys so that they
/// give another's: there the proof needs a DLEQ as well, which check_proofs() verifies by this mint's keys.
Result<> resolve_for_mint(cashu::Token& token, const MintNames& names,
                          std::span<const cashu::KeysetId> mint_keysets);

/// Refuses too many proofs, duplicates, locks, amounts without a key, points that are none and DLEQ proofs
/// that do not verify. Keyset ids must be resolved; an unknown one is refused too. Gives the proofs as a swap
/// sends them.
Result<std::vector<cashu::Proof>> check_proofs(const cashu::Token& token, const Keyring& keyring);

}  // namespace hp::wallet
