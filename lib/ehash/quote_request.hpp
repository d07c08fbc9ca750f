// The mint's check of a QuoteRequest: the claimed work must be real, and the amount must match the agreed
// valuation. docs/design/quote-link.md step 4.
#pragma once
#include "ehash/intent.hpp"
#include "ehash/owner.hpp"

namespace hp::ehash {

struct QuoteRefusal {
    sv2::link::QuoteErrorCode code{};
    std::string text;
};
/// Caches values and valid keys: a miner's shares have one key and few targets.
class QuoteChecker {
  public:
    explicit QuoteChecker(Valuation valuation) : valuation_{valuation}, amounts_(kAmounts) {}
    /// Sizes, hash, target, amount, key, in this order.
    tl::expected<Intent, QuoteRefusal> check(const sv2::link::QuoteRequest& request);

  private:
    static constexpr std::size_t kAmounts = 64;
    std::uint64_t amount_of(const Intent& intent);
    Valuation valuation_;
    KnownKeys keys_;
    std::vector<std::pair<bitcoin::Target, std::uint64_t>> amounts_;
};
/// A share that already has a quote: the same key and amount is a replay (true); anything else is a conflict
/// (false), and the first quote stands.
bool is_replay(const Intent& again, std::uint64_t first_amount, const crypto::PublicKey33& first_key);

/// QuoteError for a refusal; `storage` is the one retryable code.
sv2::link::QuoteError to_quote_error(const QuoteRefusal& refusal, std::uint64_t seq,
                                     const Bytes32& share_hash);

/// The pool's check of an answer against the row that it sent: seq, hash, amount, and a quote id that is a
/// UUID in lower-case hex. Nothing: it matches. Otherwise what differs.
std::optional<std::string> response_mismatch(const sv2::link::QuoteResponse& response, std::uint64_t seq,
                                             const Intent& sent);
/// 8-4-4-4-12 lower-case hex digits.
bool is_uuid(std::string_view text);

}  // namespace hp::ehash
