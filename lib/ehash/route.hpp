// Which of several mints creates an owner's quotes.
#pragma once
#include <span>
#include <string>

#include "crypto/secp.hpp"

namespace hp::ehash {

/// Index of the mint for this owner, by rendezvous hashing over the mints' names: the highest SHA-256(name ||
/// 0x00 || x of the key) wins. An owner's mint is the same on every pool with these names, in any order; a
/// new name moves only the owners that it wins. `names` is not empty. 02 and 03 with the same x are one
/// owner.
std::size_t route_by_key(std::span<const std::string> names, const crypto::PublicKey33& locking_key);

}  // namespace hp::ehash
