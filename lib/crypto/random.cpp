#include "crypto/random.hpp"

#include <sodium.h>

#include "crypto/sodium_ready.hpp"

namespace hp::crypto {

void ensure_sodium_ready() {
    static const bool ready = sodium_init() >= 0;
    HP_ASSERT(ready);
}

void random_bytes(std::span<std::uint8_t> out) {
    ensure_sodium_ready();
    if (!out.empty())
        randombytes_buf(out.data(), out.size());  // An empty span may be null, libsodium's must
                                                  // not.
}

void wipe(std::span<std::uint8_t> secret) {
    if (!secret.empty()) sodium_memzero(secret.data(), secret.size());
}

}  // namespace hp::crypto
