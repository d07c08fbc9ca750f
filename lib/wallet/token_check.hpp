// What can be said of a token before the mint is asked: every reason not to take it, in words.
#pragma once
#include "cashu/tokens.hpp"
#include "wallet/keyring.hpp"

namespace hp::wallet {

/// Without a slash at the end, scheme and host in lower case.
std::string normal_url(std::string_view url);

/// Reads the text (1 MiB at most) and refuses another mint or unit.
Result<cashu::Token> read_token(std::string_view text, std::string_view mint_url, std::string_view unit);

/// Refuses too many proofs, duplicates, locks, amounts without a key, points that are none and DLEQ proofs
/// that do not verify. Keyset ids must be resolved; an unknown one is refused too. Gives the proofs as a swap
/// sends them.
Result<std::vector<cashu::Proof>> check_proofs(const cashu::Token& token, const Keyring& keyring);

}  // namespace hp::wallet
