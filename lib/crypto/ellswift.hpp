// ElligatorSwift (BIP 324): encodes the x of a public key as 64 bytes that look random. Debian 12's
// libsecp256k1 0.2.0 lacks the module; encoding and decoding are on public values only.
#pragma once
#include <optional>

#include "base/bytes.hpp"
#include "crypto/secp.hpp"

namespace hp::crypto {

using EllSwift64 = Bytes64;

/// x of the encoded key; any 64 bytes decode.
Bytes32 ellswift_decode(const EllSwift64& encoded);
/// An encoding of the key's x. `entropy32` chooses among the many; the same entropy gives the same encoding.
EllSwift64 ellswift_encode(const XOnlyKey32& x, const Bytes32& entropy32);
/// BIP 324 XSwiftECInv: t for (x, u, case 0..7), or nothing (also if x is not on the curve). Big-endian field
/// elements.
std::optional<Bytes32> xswiftec_inv(const Bytes32& x, const Bytes32& u, int which);
/// BIP 324 shared secret: tagged hash over initiator's 64 bytes, responder's 64 bytes and the ECDH x.
/// `ours` is secret, `theirs` the peer's encoding; `we_initiate` orders the two encodings.
std::optional<Bytes32> ellswift_ecdh(const SecretKey& ours, const EllSwift64& our_encoding,
                                     const EllSwift64& theirs, bool we_initiate);
/// Likewise with `their_x` = ellswift_decode(theirs): one decoding serves several of our secrets.
std::optional<Bytes32> ellswift_ecdh(const SecretKey& ours, const EllSwift64& our_encoding,
                                     const EllSwift64& theirs, const Bytes32& their_x, bool we_initiate);

}  // namespace hp::crypto
