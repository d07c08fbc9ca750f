// The records of hp-pool about shares and their quotes.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct ShareAccepted {
    static constexpr Info info{
        "share_accepted", "A share was accepted and is on disk. This is the authoritative count of shares."};
    static constexpr Doc docs[]{{"worker", "the share's own if it has one, else the channel's"},
                                {"work_hashes", "expected hashes of the credited target"}};
    static constexpr Series series[]{
        {.label = "worker", .amount = "amount", .work = "work_hashes", .writer = "hp-pool"}};
    static constexpr Metric metrics[]{
        {"sv2_client_shares_accepted_total", "Shares accepted by the pool."},
        {"hashpool_share_ehash_total", "Ehash of the accepted shares, in its unit.", Metric::Of::amount},
        {"hashpool_share_work_hashes_total", "Expected hashes of the accepted shares, by their targets.",
         Metric::Of::work}};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::string_view worker{};
    std::uint32_t sequence_number{};
    std::uint64_t seq{};
    Hex<32> share_hash{};
    std::uint64_t amount{};
    double work_hashes{};
};
BOOST_DESCRIBE_STRUCT(ShareAccepted, (),
                      (connection_id, channel_id, worker, sequence_number, seq, share_hash, amount,
                       work_hashes))

struct ShareRejected {
    static constexpr Info info{
        "share_rejected",
        "A rejected share, worth nothing. Shares refused unchecked (too-many-invalid-shares, "
        "invalid-channel-id) get at most one record a second; shares_unjudged counts all of them."};
    static constexpr Doc docs[]{{"reason", "the protocol's error code; troubleshooting.md lists all"},
                                {"job_id", "id of the job that the miner named"},
                                {"detail", "what is wrong, in numbers; absent if the reason says it all"},
                                {"share_hash", "absent if there was nothing to hash"},
                                {"locking_key", "the owner; absent if unknown"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "sv2_client_shares_rejected_total",
                                       .help = "Shares rejected by the pool.",
                                       .is_by_label = true}};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::string_view worker{};
    std::uint32_t sequence_number{};
    Share reason{};
    std::uint32_t job_id{};
    std::string_view peer{};
    std::optional<std::string_view> detail{};
    std::optional<Hex<32>> share_hash{};
    std::optional<Hex<33>> locking_key{};
};
BOOST_DESCRIBE_STRUCT(ShareRejected, (),
                      (connection_id, channel_id, worker, sequence_number, reason, job_id, peer, detail,
                       share_hash, locking_key))

struct QuoteCreated {
    static constexpr Info info{"quote_created", "The mint has a quote for a share."};
    static constexpr Doc docs[]{
        {"replay", "true: the mint already had the quote"},
        {"latency_ms", "from the share's arrival; absent if the share arrived before the pool started"}};
    static constexpr Series series[]{{.label = "replay",
                                      .amount = "amount",
                                      .latency = "latency_ms",
                                      .latency_name = "share_to_quote_ms"}};
    static constexpr Metric metrics[]{{.name = "hashpool_quotes_total",
                                       .help = "Quotes reported to the pool by the mint.",
                                       .is_by_label = true}};
    std::uint64_t seq{};
    std::string_view quote_id{};
    std::uint64_t amount{};
    Hex<32> share_hash{};
    bool replay{};
    std::optional<std::int64_t> latency_ms{};
};
BOOST_DESCRIBE_STRUCT(QuoteCreated, (), (seq, quote_id, amount, share_hash, replay, latency_ms))

struct QuoteDead {
    static constexpr Info info{"quote_dead", "The mint refused the share for good."};
    static constexpr Doc docs[]{{"code", "error code of the QuoteError message"},
                                {"reason", "the mint's explanation"}};
    static constexpr Series series[]{{.label = "code"}};
    static constexpr Metric metrics[]{{.name = "hashpool_quotes_dead_total",
                                       .help = "Shares refused for good by the mint.",
                                       .is_by_label = true}};
    std::uint64_t seq{};
    Code<&quote_error_labels, std::uint16_t> code{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(QuoteDead, (), (seq, code, reason))

struct QuoteRequeued {
    static constexpr Info info{"quote_requeued",
                               "A dead letter is sent again because an operator requeued it."};
    std::uint64_t seq{};
};
BOOST_DESCRIBE_STRUCT(QuoteRequeued, (), (seq))

using PoolShareRecords =
    boost::mp11::mp_list<ShareAccepted, ShareRejected, QuoteCreated, QuoteDead, QuoteRequeued>;

}  // namespace hp::records
