// The records of hp-proxy about shares, quotes and tokens.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct MinerShareAccepted {
    static constexpr Info info{"miner_share_accepted",
                               "The same share as in the pool's share_accepted, seen from the miner's side: "
                               "count only one of the two."};
    static constexpr Doc docs[]{{"latency_ms", "from the miner's request to the pool's answer"}};
    static constexpr Series series[]{
        {.label = "worker", .latency = "latency_ms", .latency_name = "miner_answer_ms"}};
    static constexpr Metric metrics[]{
        {"sv1_client_shares_accepted_total", "Accepted shares of the proxy's miners."}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    std::int64_t latency_ms{};
};
BOOST_DESCRIBE_STRUCT(MinerShareAccepted, (), (miner_id, worker, latency_ms))

struct MinerShareRejected {
    static constexpr Info info{"miner_share_rejected", "A miner's rejected share, worth nothing."};
    static constexpr Doc docs[]{{"worker", "empty if the name was not authorized"},
                                {"reason", "troubleshooting.md lists all; other pools may have others"},
                                {"share_hash", "absent if its job is unknown"},
                                {"locking_key", "the owner; absent if unknown"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "sv1_client_shares_rejected_total",
                                       .help = "Rejected shares of the proxy's miners.",
                                       .is_by_label = true}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    Share reason{};
    std::string_view peer{};
    std::optional<Hex<32>> share_hash{};
    std::optional<Hex<33>> locking_key{};
};
BOOST_DESCRIBE_STRUCT(MinerShareRejected, (), (miner_id, worker, reason, peer, share_hash, locking_key))

struct TokenMinted {
    static constexpr Info info{"token_minted", "The wallet minted a quote."};
    static constexpr Doc docs[]{{"share_to_token_ms",
                                 "from the miner's request to the proofs on disk; absent if the share "
                                 "arrived before the proxy started"}};
    static constexpr Series series[]{
        {.amount = "amount", .latency = "share_to_token_ms", .latency_name = "share_to_token_ms"}};
    static constexpr Metric metrics[]{
        {"hashpool_tokens_minted_total", "Quotes minted by the proxy's wallet."},
        {"hashpool_tokens_ehash_total", "Ehash minted by the proxy's wallet.", Metric::Of::amount}};
    std::string_view quote_id{};
    std::uint64_t amount{};
    std::optional<std::int64_t> share_to_token_ms{};
};
BOOST_DESCRIBE_STRUCT(TokenMinted, (), (quote_id, amount, share_to_token_ms))

struct QuoteForOtherKey {
    static constexpr Info info{"quote_for_other_key", "A quote that another wallet owns."};
    static constexpr Series series[]{{.amount = "amount"}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    std::string_view quote_id{};
    std::uint64_t amount{};
};
BOOST_DESCRIBE_STRUCT(QuoteForOtherKey, (), (miner_id, worker, quote_id, amount))

struct QuoteFailed {
    static constexpr Info info{"quote_failed", "The pool reports that a share will never have a quote."};
    static constexpr Doc docs[]{{"reason", "the pool's explanation"}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(QuoteFailed, (), (miner_id, worker, reason))

struct QuoteParked {
    static constexpr Info info{"quote_parked", "The mint refuses to issue the quote."};
    static constexpr Doc docs[]{{"reason", "the mint's explanation"}};
    static constexpr Metric metrics[]{
        {"hashpool_quotes_parked_total", "Quotes that the mint refused to issue to the proxy's wallet."}};
    std::string_view quote_id{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(QuoteParked, (), (quote_id, reason))

using ProxyShareRecords = boost::mp11::mp_list<MinerShareAccepted, MinerShareRejected, TokenMinted,
                                               QuoteForOtherKey, QuoteFailed, QuoteParked>;

}  // namespace hp::records
