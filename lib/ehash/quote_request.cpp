#include "ehash/quote_request.hpp"

#include "crypto/sha256.hpp"

namespace hp::ehash {
namespace {

using sv2::link::QuoteErrorCode;

tl::unexpected<QuoteRefusal> refuse(QuoteErrorCode code, std::string text) {
    return tl::unexpected<QuoteRefusal>(QuoteRefusal{code, std::move(text)});
}

}  // namespace

std::uint64_t QuoteChecker::amount_of(const Intent& intent) {
    if (valuation_.rule != Valuation::Rule::target)
        return valuation_.amount(intent.share_hash, intent.target);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 32; i += 8) sum += get_le<std::uint64_t>(intent.target.data() + i);
    // An unused slot has the target 0, which no share meets.
    auto& [target, amount] = amounts_[(sum ^ sum >> 32) % kAmounts];
    if (target != intent.target) {
        target = intent.target;
        amount = valuation_.amount(intent.share_hash, intent.target);
    }
    return amount;
}

tl::expected<Intent, QuoteRefusal> QuoteChecker::check(const sv2::link::QuoteRequest& request) {
    Intent out;
    const Bytes& header = request.header.value;
    const Bytes& key = request.locking_key.value;
    if (header.size() != out.header.size())
        return refuse(QuoteErrorCode::malformed,
                      "header: expected 80 bytes, got " + std::to_string(header.size()));
    if (key.size() != out.locking_key.size())
        return refuse(QuoteErrorCode::malformed,
                      "locking_key: expected 33 bytes, got " + std::to_string(key.size()));
    out.header = to_array<80>(header);
    out.locking_key = to_array<33>(key);
    out.target = request.target.bytes;
    out.share_hash = crypto::sha256d(out.header);
    if (out.share_hash != request.share_hash.bytes)
        return refuse(QuoteErrorCode::hash_mismatch,
                      "the header hashes to " + to_hex_reversed(out.share_hash) + ", not to share_hash");
    if (!bitcoin::meets(out.share_hash, out.target))
        return refuse(QuoteErrorCode::above_target, "the share does not meet the credited target");
    out.amount = amount_of(out);
    // An amount of 0 could not be minted.
    if (out.amount == 0 || out.amount != request.amount)
        return refuse(QuoteErrorCode::wrong_amount, "'" + valuation_.text() + "' gives " +
                                                        std::to_string(out.amount) + ", the request says " +
                                                        std::to_string(request.amount));
    if (!keys_.is_valid(out.locking_key))
        return refuse(QuoteErrorCode::bad_key, "locking_key is not a compressed point of the curve");
    return out;
}

bool is_replay(const Intent& again, std::uint64_t first_amount, const crypto::PublicKey33& first_key) {
    return again.amount == first_amount && again.locking_key == first_key;
}

sv2::link::QuoteError to_quote_error(const QuoteRefusal& refusal, std::uint64_t seq,
                                     const Bytes32& share_hash) {
    sv2::link::QuoteError out;
    out.seq = seq;
    out.share_hash.bytes = share_hash;
    out.code = static_cast<std::uint16_t>(refusal.code);
    out.retryable = refusal.code == QuoteErrorCode::storage;
    out.text.value = refusal.text.substr(0, 255);
    return out;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        bool hex = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
        if (dash ? text[i] != '-' : !hex) return false;
    }
    return true;
}

std::optional<std::string> response_mismatch(const sv2::link::QuoteResponse& response, std::uint64_t seq,
                                             const Intent& sent) {
    if (response.seq != seq)
        return "seq: expected " + std::to_string(seq) + ", got " + std::to_string(response.seq);
    if (response.share_hash.bytes != sent.share_hash) return "share_hash belongs to another share";
    if (response.amount != sent.amount)
        return "amount: expected " + std::to_string(sent.amount) + ", got " + std::to_string(response.amount);
    if (!is_uuid(response.quote_id.value))
        return "quote_id: expected a UUID, got '" + printable(response.quote_id.value, 64) + "'";
    return std::nullopt;
}

}  // namespace hp::ehash
