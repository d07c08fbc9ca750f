// NUT-29: many quotes at once. One share is one quote, so miners mint this way.
#pragma once
#include "cashu/nut04.hpp"

namespace hp::cashu {

/// POST /v1/mint/quote/{method}/check
struct CheckQuotesRequest {
    std::vector<std::string> quotes;
};
/// At most `max` ids (11017), no duplicates (11016), not empty.
Answer<CheckQuotesRequest> check_quotes_request_from_json(std::string_view body, std::size_t max);
std::string to_json(const CheckQuotesRequest& request);

/// POST /v1/mint/{method}/batch
struct BatchMintRequest {
    std::vector<std::string> quotes;
    std::optional<std::vector<std::uint64_t>> quote_amounts{};  ///< default: all that is mintable
    std::vector<BlindedMessage> outputs;
    std::vector<std::optional<std::string>> signatures{};  ///< one per quote, or none at all
    friend bool operator==(const BatchMintRequest&, const BatchMintRequest&) = default;
};
Answer<BatchMintRequest> batch_mint_request_from_json(std::string_view body);
std::string to_json(const BatchMintRequest& request);

/// Checks before the quotes are read from the database: sizes, duplicates, lengths of the lists.
Answer<> check_batch_form(const BatchMintRequest& request, const MintPolicy& policy);
/// Checks the request against its quotes, in the same order. All or nothing; returns the amount to issue from
/// each quote, whose sum equals the outputs exactly.
Answer<std::vector<std::uint64_t>> check_batch_mint(const BatchMintRequest& request,
                                                    std::span<const Quote> quotes, const MintKeysets& keysets,
                                                    const MintPolicy& policy, UnixSeconds now);

}  // namespace hp::cashu
