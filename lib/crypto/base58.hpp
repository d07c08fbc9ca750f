// Base58Check and the SV2 authority key text form (spec 4.7.1).
#pragma once
#include "base/bytes.hpp"
#include "crypto/secp.hpp"

namespace hp::crypto {

std::string base58check_encode(ByteView payload);
Result<Bytes> base58check_decode(std::string_view text);

/// base58check(01 00 || x-only key), version U16 LE = 1.
std::string authority_key_text(const XOnlyKey32& key);
Result<XOnlyKey32> authority_key_from_text(std::string_view text);
/// SRI's secret text form: base58check of the bare 32 bytes.
std::string secret_key_text(const SecretKey& key);
Result<SecretKey> secret_key_from_text(std::string_view text);
/// A locking key (NUT-20) in that form, or in that of Cashu wallets: 64 hex digits, big-endian. Only for
/// locking keys: for key pairs with an x-only public key, 64 hex digits mean the public one.
Result<SecretKey> locking_key_from_text(std::string_view text);

}  // namespace hp::crypto
