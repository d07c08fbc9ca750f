// NUT-13: secrets and blinding factors from a seed, so that a wallet can be restored.
#pragma once
#include "cashu/nut00.hpp"

namespace hp::cashu {

struct DeterministicSecret {
    std::string secret;  ///< 64 hex digits, used as text
    SecretKey r;
};
/// `seed64` is the BIP 39 seed. Ids 00 derive by BIP 32 (counter below 2^31), ids 01 by HMAC.
Result<DeterministicSecret> derive_secret(ByteView seed64, const KeysetId& id, std::uint64_t counter);

}  // namespace hp::cashu
