// SHA-256 by OpenSSL's low-level calls: the one-shot calls fetch the algorithm each time and are 4.4x slower
// (docs/design/costs.md). libsodium's has no SHA-NI.
#pragma once
#include <initializer_list>

#include "base/bytes.hpp"

namespace hp::crypto {

/// Incremental SHA-256. Copyable: a copy is a midstate (coinbase prefixes are hashed once per channel).
class Sha256 {
  public:
    Sha256();
    Sha256& update(ByteView bytes);
    Bytes32 finish();

  private:
    alignas(8) std::uint8_t state_[112];  // SHA256_CTX, kept out of this header; size checked in the .cpp
};

Bytes32 sha256(ByteView bytes);
/// SHA-256 of the concatenation.
Bytes32 sha256(std::initializer_list<ByteView> parts);
/// SHA-256 twice, as Bitcoin hashes.
Bytes32 sha256d(ByteView bytes);
/// SHA256(SHA256(tag) || SHA256(tag) || parts...), BIP 340.
Bytes32 tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts);

}  // namespace hp::crypto
