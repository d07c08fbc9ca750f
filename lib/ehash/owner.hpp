// Who owns a worker's ehash, by the name that it gives.
#pragma once
#include <optional>
#include <string_view>

#include "crypto/secp.hpp"

namespace hp::ehash {

/// The locking key that a worker name (SV1) or user_identity (SV2) is: 66 hex digits of a point on the curve,
/// alone or followed by ".name". Nothing: an ordinary name.
std::optional<crypto::PublicKey33> key_from_name(std::string_view name);

}  // namespace hp::ehash
