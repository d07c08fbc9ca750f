// Checks of a token before the mint is asked: every reason not to accept it, as text.
#pragma once
#include "cashu/tokens.hpp"
#include "wallet/keyring.hpp"

namespace hp::wallet {

/// Scheme and host in lower case, without the scheme's default port and a trailing slash.
std::string normal_url(std::string_view url);

/// The mint's name in tokens: `mine` if the mint announces it, else the first announced one that is a URL;
/// empty if there is none. Only a name: our wallets never send anything there because of it.
std::string token_url(std::span<const std::string> told, std::string_view mine);

/// Reads the text (1 MiB at most) and refuses another unit.
Result<cashu::Token> read_token(std::string_view text, std::string_view unit);

/// Which URLs name the mint. Its public keysets cannot tell: anyone can copy another mint's, and would be
/// given that mint's proofs.
struct MintNames {
    std::string url;                   ///< normalized, like the others
    std::vector<std::string> aliases;  ///< vouched for by the user: in the configuration, now or before
    std::vector<std::string> told{};   ///< announced by the user's own mint on this machine; else empty
    /// Vouched for by the user, or the same port of this machine under another loopback name.
    bool has(std::string_view name) const;
    /// The mint is on loopback, and announces it.
    bool is_told(std::string_view name) const;
    /// Why an answer from this URL could not be trusted to be that mint's; empty if it can.
    std::string why_not_asked(std::string_view name) const;
};

/// Replaces short keyset ids by the matching ones of `mint_keysets`, and makes sure that the proofs are under
/// this mint's keys. A short id does not prove that, as a mint could construct keys with another's short id:
/// if the token names another URL the proof needs a DLEQ as well, which check_proofs() verifies. Whether both
/// URLs are the same mint is another question (MintNames).
Result<> resolve_for_mint(cashu::Token& token, const MintNames& names,
                          std::span<const cashu::KeysetId> mint_keysets);

/// Refuses too many proofs, duplicates, locks, amounts without a key, invalid points and DLEQ proofs that do
/// not verify. Keyset ids must be resolved; an unknown one is refused too. Returns the proofs as sent in a
/// swap.
Result<std::vector<cashu::Proof>> check_proofs(const cashu::Token& token, const Keyring& keyring);

}  // namespace hp::wallet
