#include "crypto/hmac.hpp"

#include <sodium.h>

#include "crypto/random.hpp"

namespace hp::crypto {
namespace {

constexpr std::size_t kDigestSize = 32;

/// HMAC-SHA-256 with the key already absorbed; sums any number of messages.
class HmacSha256 {
  public:
    explicit HmacSha256(ByteView key) {
        // An empty span may be null, libsodium's key must not.
        const std::uint8_t no_key[1] = {};
        crypto_auth_hmacsha256_init(&keyed_, key.empty() ? no_key : key.data(), key.size());
    }
    HmacSha256(const HmacSha256&) = delete;
    HmacSha256& operator=(const HmacSha256&) = delete;
    ~HmacSha256() { sodium_memzero(&keyed_, sizeof keyed_); }

    Bytes32 sum(std::initializer_list<ByteView> message) const {
        auto state = keyed_;
        for (ByteView part : message) crypto_auth_hmacsha256_update(&state, part.data(), part.size());
        Bytes32 tag;
        crypto_auth_hmacsha256_final(&state, tag.data());
        sodium_memzero(&state, sizeof state);
        return tag;
    }

  private:
    crypto_auth_hmacsha256_state keyed_;
};

}  // namespace

Bytes32 hmac_sha256(ByteView key, ByteView message) { return HmacSha256{key}.sum({message}); }

Bytes64 hmac_sha512(ByteView key, ByteView message) {
    crypto_auth_hmacsha512_state state;
    Bytes64 tag;
    // An empty span may be null, libsodium's key must not.
    const std::uint8_t no_key[1] = {};
    crypto_auth_hmacsha512_init(&state, key.empty() ? no_key : key.data(), key.size());
    crypto_auth_hmacsha512_update(&state, message.data(), message.size());
    crypto_auth_hmacsha512_final(&state, tag.data());
    sodium_memzero(&state, sizeof state);
    return tag;
}

HkdfPair hkdf2(ByteView chaining_key32, ByteView input_key_material) {
    HP_ASSERT(chaining_key32.size() == kDigestSize);
    Bytes32 temporary = hmac_sha256(chaining_key32, input_key_material);
    const HmacSha256 expand{temporary};
    wipe(temporary);
    const std::uint8_t one[] = {1}, two[] = {2};
    HkdfPair out;
    out.first = expand.sum({one});
    out.second = expand.sum({out.first, two});
    return out;
}

Bytes hkdf(ByteView salt, ByteView input_key_material, ByteView info, std::size_t size) {
    HP_ASSERT(size <= 255 * kDigestSize);  // The block counter is one byte, RFC 5869 section 2.3.
    // RFC 5869's default salt is 32 zero bytes, which for HMAC equals an empty key.
    Bytes32 pseudorandom_key = hmac_sha256(salt, input_key_material);
    const HmacSha256 expand{pseudorandom_key};
    wipe(pseudorandom_key);
    Bytes out;
    out.reserve(size + kDigestSize);
    Bytes32 block{};
    for (std::uint8_t counter = 1; out.size() < size; ++counter) {
        const ByteView previous = counter == 1 ? ByteView{} : ByteView{block};
        block = expand.sum({previous, info, ByteView{&counter, 1}});
        append(out, block);
    }
    wipe(block);
    wipe(std::span{out}.subspan(size));
    out.resize(size);
    return out;
}

}  // namespace hp::crypto
