// Quote lookup by public key: a wallet that missed its notifications asks which quotes are locked to its
// keys. No NUT has it yet. Supported are the form of cashubtc/nuts PR 419, the path with a method as in CDK
// 1834, and the timestamp of nuts PR 341: docs/mint-api.md.
#pragma once
#include "cashu/nut04.hpp"

namespace hp::cashu {

inline constexpr std::size_t kLookupKeysMax = 50;
/// A timestamp, if sent, may be this far from the mint's clock.
inline constexpr UnixSeconds kLookupLeeway = 300;

struct LookupRequest {
    std::vector<PublicKey33> pubkeys;
    std::vector<std::string> pubkey_signatures;  ///< hex as received, one per key
    bool only_mintable{false};
    std::optional<UnixSeconds> timestamp{};  ///< of nuts PR 341: part of the message
    bool only_held{false};                   ///< ours: a mint without it lists the others too
};
Answer<LookupRequest> lookup_request_from_json(std::string_view body);
std::string to_json(const LookupRequest& request);

/// "Cashu_MintQuoteLookup_v1" || mint key hex || key hex [|| decimal timestamp], ASCII.
std::string lookup_message(const PublicKey33& mint_key, const PublicKey33& key,
                           std::optional<UnixSeconds> timestamp);
Bytes64 sign_lookup(const SecretKey& key, const PublicKey33& mint_key, std::optional<UnixSeconds> timestamp,
                    const Bytes32& aux_rand);
/// Number of keys (11017), equal lists, timestamp, then every signature (20008): a single bad one fails the
/// request.
Answer<> check_lookup(const LookupRequest& request, const PublicKey33& mint_key, UnixSeconds now);

/// Maximum quotes in one answer, newest first.
inline constexpr std::size_t kLookupQuotesMax = 1'000;

struct LookupResponse {
    std::vector<Quote> quotes;
    bool more{};  ///< there are more; implied by a full answer without this member
};
/// {"quotes":[...]}; with kLookupQuotesMax quotes or more only the first ones, and "more" tells whether there
/// are others.
std::string lookup_response_json(std::span<const Quote> quotes);
Result<LookupResponse> lookup_response_from_json(std::string_view body);

}  // namespace hp::cashu
