// What the values of several files must have in common. `hp-config check` and the programs at their start ask
// the same functions: what one finds the other finds.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "crypto/secp.hpp"

namespace hp::config {

/// A value that does not fit another one.
struct Misfit {
    std::string_view file;  ///< of the key that is to blame
    const char* key;
    std::string what;
    std::string hint{};
};

/// A share that is worth nothing, a route to no mint.
std::vector<Misfit> misfits(const Pool& pool, const PoolShared& shared);
/// A source that the network does not have, credentials that are missing or there twice.
std::vector<Misfit> misfits(const Template& from, const Network& network);
/// The pool's two authority keys, and the link's public half, which its mints pin.
std::vector<Misfit> misfits_of_keys(const PoolShared& shared, const crypto::SecretKey& authority,
                                    const crypto::SecretKey& link_authority);

/// Why the public key is not that of the secret one; nothing where it is, or where none is set.
/// `secret_place`: "authority_secret_key_file of pool.toml".
std::optional<std::string> unlike(const std::string& public_text, const crypto::SecretKey& secret,
                                  std::string_view secret_place);

}  // namespace hp::config
