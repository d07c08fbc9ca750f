// secp256k1 keys, points and BIP 340 signatures over libsecp256k1.
// Secret scalars never go through a variable-time multiplication: secret * point is secp256k1_ecdh with its
// own hash function (constant time), never secp256k1_ec_pubkey_tweak_mul.
#pragma once
#include <optional>

#include "base/bytes.hpp"

namespace hp::crypto {

/// A point in 33-byte compressed encoding.
using PublicKey33 = Bytes33;
/// BIP 340 x-only key.
using XOnlyKey32 = Bytes32;

/// A secret scalar in [1, n-1], big-endian; wiped on destruction.
class SecretKey {
  public:
    /// Nothing if the 32 bytes are 0 or >= n.
    static std::optional<SecretKey> from_bytes(ByteView bytes32);
    static SecretKey generate();
    SecretKey(const SecretKey&) = default;
    SecretKey& operator=(const SecretKey&) = default;
    ~SecretKey();

    const Bytes32& bytes() const { return bytes_; }
    PublicKey33 public_key() const;
    XOnlyKey32 xonly() const;

  private:
    SecretKey() = default;
    Bytes32 bytes_{};
};

/// 33 bytes, prefix 02 or 03, on the curve. Anything else (65 bytes, hybrid prefixes) is false.
bool is_valid_public_key(ByteView bytes);
bool is_valid_xonly(ByteView bytes32);

/// secret * point, constant time in the secret. Nothing if the point does not parse.
std::optional<PublicKey33> multiply(const SecretKey& secret, const PublicKey33& point);
/// scalar * point for a public scalar (verification): variable time, faster.
std::optional<PublicKey33> multiply_public(const Bytes32& scalar, const PublicKey33& point);
/// a + b; nothing if a point does not parse or the sum is infinity.
std::optional<PublicKey33> add(const PublicKey33& a, const PublicKey33& b);
/// -p
std::optional<PublicKey33> negate(const PublicKey33& p);
/// The 65-byte uncompressed form (04 || x || y), which NUT-12 hashes.
std::optional<ByteArray<65>> uncompressed(const PublicKey33& p);

/// (a + b) mod n and (a * b) mod n for secret scalars; nothing if the result is 0.
std::optional<SecretKey> scalar_add(const SecretKey& a, const SecretKey& b);
std::optional<SecretKey> scalar_multiply(const SecretKey& a, const SecretKey& b);
/// Bytes reduced mod n; nothing if 0. (NUT-13 blinding factors.)
std::optional<SecretKey> scalar_reduce(ByteView bytes32);

/// x coordinate of secret * P for a P with the given x (the same for either y), constant time: BIP 324 ECDH.
std::optional<Bytes32> ecdh_x(const SecretKey& secret, const Bytes32& x);

/// BIP 340 over a 32-byte message; aux_rand is fresh randomness (or zeros for reproducible vectors).
Bytes64 schnorr_sign(const SecretKey& key, const Bytes32& message32, const Bytes32& aux_rand);
/// BIP 340 over a message of any size, for the published vectors.
bool schnorr_verify(ByteView signature64, ByteView message, ByteView xonly32);

}  // namespace hp::crypto
