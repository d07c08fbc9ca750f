#include "noise/cipher_state.hpp"

#include <limits>

#include "crypto/aead.hpp"
#include "crypto/random.hpp"

namespace hp::noise {
namespace {

constexpr std::uint64_t kNonceReserved = std::numeric_limits<std::uint64_t>::max();

ByteArray<12> nonce_bytes(std::uint64_t counter) {
    ByteArray<12> nonce{};
    put_le(nonce.data() + 4, counter);
    return nonce;
}

}  // namespace

CipherState::~CipherState() { crypto::wipe(key); }

bool seal(CipherState& cipher, std::span<std::uint8_t> out, ByteView plaintext, ByteView ad) {
    if (cipher.nonce == kNonceReserved) return false;
    crypto::seal(out, plaintext, ad, nonce_bytes(cipher.nonce), cipher.key);
    ++cipher.nonce;
    return true;
}

bool open(CipherState& cipher, std::span<std::uint8_t> out, ByteView ciphertext, ByteView ad) {
    if (cipher.nonce == kNonceReserved) return false;
    if (!crypto::open(out, ciphertext, ad, nonce_bytes(cipher.nonce), cipher.key)) return false;
    ++cipher.nonce;
    return true;
}

}  // namespace hp::noise
