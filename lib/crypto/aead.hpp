// ChaCha20-Poly1305 (RFC 8439), 12-byte nonce, 16-byte tag, by libsodium.
#pragma once
#include "base/bytes.hpp"

namespace hp::crypto {

inline constexpr std::size_t kTagSize = 16;

/// out must have room for plaintext.size() + 16 bytes; may alias plaintext.
void seal(std::span<std::uint8_t> out, ByteView plaintext, ByteView ad, const ByteArray<12>& nonce,
          const Bytes32& key);
/// out must have room for ciphertext.size() - 16 bytes; may alias it. False: the tag is wrong.
[[nodiscard]] bool open(std::span<std::uint8_t> out, ByteView ciphertext, ByteView ad,
                        const ByteArray<12>& nonce, const Bytes32& key);

}  // namespace hp::crypto
