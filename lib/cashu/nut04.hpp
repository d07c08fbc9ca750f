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
    /// Our own member: since when it is held. Unpaid until the operator releases it.
    std::optional<UnixSeconds> held_since{};

    /// The amount that may still be minted.
    std::uint64_t mintable() const { return amount_paid - std::min(amount_issued, amount_paid); }
    friend bool operator==(const Quote&, const Quote&) = default;
};
enum class QuoteState { unpaid, paid, issued };
QuoteState state_of(const Quote& quote);

/// The object of ehash-method.md section 4, understood by cashu-ts, CDK and the earlier pool's poller.
void append_json(std::string& out, const Quote& quote);
std::string to_json(const Quote& quote);
/// Bare array, as in answers of /v1/mint/quote/{method}/check.
std::string quotes_json(std::span<const Quote> quotes);
Result<Quote> quote_from_json(std::string_view body);
Result<Quote> quote_from_json(const JsonValue& value);
Result<std::vector<Quote>> quotes_from_json(std::string_view body);
Result<std::vector<Quote>> quotes_from_json(const JsonValue& list);

struct MintRequest {
    std::string quote;
    std::vector<BlindedMessage> outputs;
    std::optional<std::string> signature{};  ///< hex as received: a malformed one counts as wrong (20008)
    friend bool operator==(const MintRequest&, const MintRequest&) = default;
};
Answer<MintRequest> mint_request_from_json(std::string_view body);
std::string to_json(const MintRequest& request);

struct MintPolicy {
    bool legacy_signatures{false};  ///< also accept NUT-20's old message, which does not cover amounts
    std::size_t batch_size_max{100};
};
/// Checks a request against its quote in the database: unit, state, signature, amount. A single mint request
/// may take less than is mintable. Returns the amount to issue.
Answer<std::uint64_t> check_mint(const MintRequest& request, const Quote& quote, const MintKeysets& keysets,
                                 const MintPolicy& policy, UnixSeconds now);

/// Why a quote cannot be minted now: unpaid (20001), expired and unpaid (20007), fully issued (20002).
Answer<> check_mintable(const Quote& quote, UnixSeconds now);
/// NUT-20 for one quote of a request: a locked quote needs a signature over these outputs, an unlocked one
/// must have none.
Answer<> check_quote_signature(const Quote& quote, std::span<const BlindedMessage> outputs,
                               const std::optional<std::string>& signature, const MintPolicy& policy);

/// No NUT names a code for a quote that is unknown, or of another method: 50000.
CashuError unknown_quote(std::string_view id);

}  // namespace hp::cashu
