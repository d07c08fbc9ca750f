// SHA-256 by OpenSSL's EVP, independent of lib/crypto: the audit must not share a bug with what it audits.
#pragma once
#include <memory>

#include "base/bytes.hpp"

struct evp_md_ctx_st;

namespace hp::audit {

class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;

    Bytes32 once(ByteView data);
    Bytes32 twice(ByteView data) { return once(once(data)); }

  private:
    evp_md_ctx_st* context_;
};

}  // namespace hp::audit
