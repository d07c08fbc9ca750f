// NUT-04 for the method "ehash": quote object, mint request, and their checks. NUT-29's batch is in
// nut29.hpp.
#pragma once
#include "cashu/nut03.hpp"

namespace hp::cashu {

struct Quote {
    std::string id;       ///< UUID
    std::string request;  ///< ehash: share hash, 64 hex digits in header byte order
    std::string method;
    std::string unit;
    std::uint64_t amount{};
    std::uint64_t amount_paid{};
    std::uint64_t amount_issued{};
    UnixSeconds updated_at{};
    std::optional<UnixSeconds> expiry{};
    std::optional<PublicKey33> pubkey{};  ///< NUT-20 lock; every ehash quote has one
    /// A member of our own: since when the mint's operator holds it. Unpaid until he releases it.
    std::optional<UnixSeconds> held_since{};

    /// What may still be minted.
    std::uint64_t mintable() const { return amount_paid - std::min(amount_issued, amount_paid); }
    friend bool operator==(const Quote&, const Quote&) = default;
};
enum class QuoteState { unpaid, paid, issued };
QuoteState state_of(const Quote& quote);

/// The object of ehash-method.md section 4, which cashu-ts, CDK and the earlier pool's poller all read.
void append_json(std::string& out, const Quote& quote);
std::string to_json(const Quote& quote);
/// Bare array, as /v1/mint/quote/{method}/check answers.
std::string quotes_json(std::span<const Quote> quotes);
Result<Quote> quote_from_json(std::string_view body);
Result<Quote> quote_from_json(const JsonValue& value);
Result<std::vector<Quote>> quotes_from_json(std::string_view body);
Result<std::vector<Quote>> quotes_from_json(const JsonValue& list);

struct MintRequest {
    std::string quote;
    std::vector<BlindedMessage> outputs;
    std::optional<std::string> signature{};  ///< hex as received: a malformed one is a wrong one (20008)
    friend bool operator==(const MintRequest&, const MintRequest&) = default;
};
Answer<MintRequest> mint_request_from_json(std::string_view body);
std::string to_json(const MintRequest& request);

struct MintPolicy {
    bool legacy_signatures{false};  ///< accept NUT-20's old message too, which does not cover amounts
    std::size_t batch_size_max{100};
};
/// Judges a request against the quote that the database has for it: unit, state, signature, amount. Single
/// mints may take less than is mintable. Gives the amount to issue.
Answer<std::uint64_t> check_mint(const MintRequest& request, const Quote& quote, const MintKeysets& keysets,
                                 const MintPolicy& policy, UnixSeconds now);

/// A quote that cannot be minted now: unpaid (20001), expired and unpaid (20007), all issued (20002).
Answer<> check_mintable(const Quote& quote, UnixSeconds now);
/// NUT-20 for one quote of a request: a locked quote needs a signature over these outputs, an unlocked one
/// must have none.
Answer<> check_quote_signature(const Quote& quote, std::span<const BlindedMessage> outputs,
                               const std::optional<std::string>& signature, const MintPolicy& policy);

/// No NUT names a code for a quote that is not there, or is another method's: 50000.
CashuError unknown_quote(std::string_view id);

}  // namespace hp::cashu
