// What the pool stores for an accepted share, and what the mint checks before it pays: header, hash, target,
// amount, key. A row of the outbox and the body of a QuoteRequest.
#pragma once
#include "crypto/secp.hpp"
#include "ehash/valuation.hpp"
#include "sv2/link.hpp"

namespace hp::ehash {

struct Intent {
    ByteArray<80> header{};    ///< the share's block header
    Bytes32 share_hash{};      ///< SHA256d(header), header byte order
    bitcoin::Target target{};  ///< the credited target, little-endian
    std::uint64_t amount{};    ///< by the agreed valuation, 1 .. 2^62
    crypto::PublicKey33 locking_key{};
    friend bool operator==(const Intent&, const Intent&) = default;
};

/// The intent of a share, or nothing if its value is 0 (only with a misconfigured pool).
std::optional<Intent> make_intent(const ByteArray<80>& header, const bitcoin::Target& credited_target,
                                  const crypto::PublicKey33& locking_key, const Valuation& valuation);
sv2::link::QuoteRequest to_quote_request(const Intent& intent, std::uint64_t seq);
sv2::link::QuoteAgain to_quote_again(const Intent& intent, std::uint64_t seq);
/// The intent as a request.
sv2::link::QuoteRequest to_quote_request(const sv2::link::QuoteAgain& again);

}  // namespace hp::ehash
