#include "crypto/aead.hpp"

#include <sodium.h>

#include "crypto/sodium_ready.hpp"

namespace hp::crypto {

static_assert(kTagSize == crypto_aead_chacha20poly1305_ietf_ABYTES);
static_assert(crypto_aead_chacha20poly1305_ietf_KEYBYTES == 32);
static_assert(crypto_aead_chacha20poly1305_ietf_NPUBBYTES == 12);

void seal(std::span<std::uint8_t> out, ByteView plaintext, ByteView ad, const ByteArray<12>& nonce,
          const Bytes32& key) {
    HP_ASSERT(out.size() >= plaintext.size() + kTagSize);
    ensure_sodium_ready();
    // Fails only for more than 256 GiB of plaintext, which we never have.
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data(), nullptr, plaintext.data(), plaintext.size(),
                                              ad.data(), ad.size(), nullptr, nonce.data(), key.data());
}

bool open(std::span<std::uint8_t> out, ByteView ciphertext, ByteView ad, const ByteArray<12>& nonce,
          const Bytes32& key) {
    if (ciphertext.size() < kTagSize) return false;
    HP_ASSERT(out.size() >= ciphertext.size() - kTagSize);
    ensure_sodium_ready();
    return crypto_aead_chacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, ciphertext.data(),
                                                     ciphertext.size(), ad.data(), ad.size(), nonce.data(),
                                                     key.data()) == 0;
}

}  // namespace hp::crypto
