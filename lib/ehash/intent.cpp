#include "ehash/intent.hpp"

#include "crypto/sha256.hpp"

namespace hp::ehash {

std::optional<Intent> make_intent(const ByteArray<80>& header, const bitcoin::Target& credited_target,
                                  const crypto::PublicKey33& locking_key, const Valuation& valuation) {
    Intent out{.header = header,
               .share_hash = crypto::sha256d(header),
               .target = credited_target,
               .locking_key = locking_key};
    out.amount = valuation.amount(out.share_hash, credited_target);
    if (out.amount == 0) return std::nullopt;
    return out;
}

sv2::link::QuoteRequest to_quote_request(const Intent& intent, std::uint64_t seq) {
    sv2::link::QuoteRequest out;
    out.seq = seq;
    out.share_hash.bytes = intent.share_hash;
    out.header.value.assign(intent.header.begin(), intent.header.end());
    out.target.bytes = intent.target;
    out.amount = intent.amount;
    out.locking_key.value.assign(intent.locking_key.begin(), intent.locking_key.end());
    return out;
}

sv2::link::QuoteAgain to_quote_again(const Intent& intent, std::uint64_t seq) {
    auto request = to_quote_request(intent, seq);
    return {request.seq,    request.share_hash, std::move(request.header),
            request.target, request.amount,     std::move(request.locking_key)};
}

sv2::link::QuoteRequest to_quote_request(const sv2::link::QuoteAgain& again) {
    return {again.seq, again.share_hash, again.header, again.target, again.amount, again.locking_key};
}

}  // namespace hp::ehash
