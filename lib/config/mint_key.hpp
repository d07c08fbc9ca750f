// An entry of allowed_mint_keys: whose key it is, and the key.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/secp.hpp"

namespace hp::config {

struct MintKey {
    std::string name;  ///< [a-z0-9_-], 1 to 32 characters
    crypto::XOnlyKey32 key{};
};
/// The name of a mint whose key has no NAME.
inline constexpr std::string_view kOnlyMint = "mint";

/// "NAME:KEY", or "KEY" for the one mint of a pool that has no other; KEY is an x-only point (BIP 340) in 64
/// hex digits.
std::optional<MintKey> mint_key_from_text(std::string_view text);
/// Parses all entries: a key belongs to one name, and a name has one key, or two while it rotates.
Result<std::vector<MintKey>> mint_keys_from_list(const std::vector<std::string>& entries);
/// The distinct names, in the order of their first entry.
std::vector<std::string> mint_names(const std::vector<MintKey>& keys);

}  // namespace hp::config
