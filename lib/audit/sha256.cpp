#include "audit/sha256.hpp"

#include <openssl/evp.h>

namespace hp::audit {

// Initialized once, then only reset: fetching the algorithm costs more than hashing a header.
Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
    HP_ASSERT(context_ && EVP_DigestInit_ex(context_, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() { EVP_MD_CTX_free(context_); }

Bytes32 Sha256::once(ByteView data) {
    Bytes32 out;
    unsigned size = 0;
    HP_ASSERT(EVP_DigestInit_ex(context_, nullptr, nullptr) == 1 &&
              EVP_DigestUpdate(context_, data.data(), data.size()) == 1 &&
              EVP_DigestFinal_ex(context_, out.data(), &size) == 1 && size == out.size());
    return out;
}

}  // namespace hp::audit
