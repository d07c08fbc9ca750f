// Checks across the values of several files. `hp-config check` and the programs at their start call the same
// functions, so both find the same problems.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/keys.hpp"
#include "crypto/secp.hpp"

namespace hp::config {

/// A value that is inconsistent with another one.
struct Misfit {
    std::string_view file;  ///< of the key that is to blame
    const char* key;
    std::string what;
    std::string hint{};
};

/// A share worth nothing, a route to an unknown mint.
std::vector<Misfit> misfits(const Pool& pool, const PoolShared& shared);
/// A source that does not fit the network, credentials that are missing or set twice.
std::vector<Misfit> misfits(const Template& from, const Network& network);
/// The pool's two authority keys, and the link's public key, which its mints pin.
std::vector<Misfit> misfits_of_keys(const PoolShared& shared, const crypto::SecretKey& authority,
                                    const crypto::SecretKey& link_authority);

/// Says that the public key does not match the secret one; nothing if it does, or if none is set.
/// `secret_place`: "authority_secret_key_file of pool.toml".
std::optional<std::string> unlike(const std::string& public_text, const crypto::SecretKey& secret,
                                  std::string_view secret_place);

}  // namespace hp::config
