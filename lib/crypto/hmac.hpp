// HMAC-SHA-256/512 and HKDF as used in Noise (two outputs).
#pragma once
#include "base/bytes.hpp"

namespace hp::crypto {

Bytes32 hmac_sha256(ByteView key, ByteView message);
Bytes64 hmac_sha512(ByteView key, ByteView message);

/// Noise HKDF, 2 outputs: t = HMAC(ck, ikm); first = HMAC(t, 01); second = HMAC(t, first || 02).
struct HkdfPair {
    Bytes32 first;
    Bytes32 second;
};
HkdfPair hkdf2(ByteView chaining_key32, ByteView input_key_material);
/// RFC 5869 with SHA-256.
Bytes hkdf(ByteView salt, ByteView input_key_material, ByteView info, std::size_t size);

}  // namespace hp::crypto
