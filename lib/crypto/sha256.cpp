// The low-level SHA256_* calls are deprecated in OpenSSL 3.0 but still the fastest in Debian: the EVP calls
// cost 1.6x (reused context) to 4.4x (one-shot) for the short inputs that we hash.
#include "crypto/sha256.hpp"

#include <openssl/sha.h>

#include <new>
#include <type_traits>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace hp::crypto {
namespace {

static_assert(std::is_trivially_copyable_v<SHA256_CTX> && std::is_trivially_destructible_v<SHA256_CTX>);
static_assert(std::is_trivially_copyable_v<Sha256>, "a copy is a midstate");

SHA256_CTX& context_in(std::uint8_t* state) { return *std::launder(reinterpret_cast<SHA256_CTX*>(state)); }

}  // namespace

Sha256::Sha256() {
    static_assert(sizeof(state_) == sizeof(SHA256_CTX));
    static_assert(alignof(SHA256_CTX) <= 8, "state_ is aligned to 8 bytes");
    SHA256_Init(::new (static_cast<void*>(state_)) SHA256_CTX);
}

Sha256& Sha256::update(ByteView bytes) {
    SHA256_Update(&context_in(state_), bytes.data(), bytes.size());
    return *this;
}

Bytes32 Sha256::finish() {
    Bytes32 digest;
    SHA256_Final(digest.data(), &context_in(state_));
    return digest;
}

Bytes32 sha256(ByteView bytes) { return Sha256{}.update(bytes).finish(); }

Bytes32 sha256(std::initializer_list<ByteView> parts) {
    Sha256 hash;
    for (ByteView part : parts) hash.update(part);
    return hash.finish();
}

Bytes32 sha256d(ByteView bytes) { return sha256(sha256(bytes)); }

Bytes32 tagged_hash(std::string_view tag, std::initializer_list<ByteView> parts) {
    const Bytes32 tag_hash = sha256(as_bytes(tag));
    Sha256 hash;
    hash.update(tag_hash).update(tag_hash);
    for (ByteView part : parts) hash.update(part);
    return hash.finish();
}

}  // namespace hp::crypto

#pragma GCC diagnostic pop
