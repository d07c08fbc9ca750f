// The records of hp-mint.
#pragma once
#include "records/any.hpp"

namespace hp::records {

struct PoolRollback {
    static constexpr Info info{"pool_rollback",
                               "The pool reused row numbers for other shares: its outbox is an old copy. The "
                               "quotes were created anyway."};
    static constexpr Doc docs[]{{"count", "numbers that now belong to another share"}};
    static constexpr Series series[]{{.count = "count"}};
    std::string_view peer{};
    std::uint64_t count{};
};
BOOST_DESCRIBE_STRUCT(PoolRollback, (), (peer, count))

struct QuotesHeld {
    static constexpr Info info{
        "quotes_held",
        "Quotes that this database had lost were created again, and wait for hp-quote release."};
    static constexpr Doc docs[]{{"count", "quotes"}};
    static constexpr Series series[]{{.name = "mint_quotes_held", .count = "count"}};
    std::uint64_t count{};
};
BOOST_DESCRIBE_STRUCT(QuotesHeld, (), (count))

struct QuotesReleased {
    static constexpr Info info{"quotes_released", "An operator released held quotes for minting."};
    static constexpr Doc docs[]{{"count", "quotes"}, {"by", "the operator's user name"}};
    static constexpr Series series[]{{.name = "mint_quotes_released", .count = "count"}};
    std::uint64_t count{};
    std::string_view by{};
};
BOOST_DESCRIBE_STRUCT(QuotesReleased, (), (count, by))

struct LedgerStatus {
    static constexpr Info info{"ledger_status", "How far the ledger has come, every second.", true};
    static constexpr Doc docs[]{
        {"generation", "number of the mint's start"}, {"quotes", "made"},
        {"operations", "mint and swap requests"},     {"issued", "ehash issued for quotes"},
        {"spent", "ehash of the proofs in swaps"},    {"held", "quotes that wait for hp-quote release"},
        {"held_amount", "ehash of these quotes"},     {"signing", "false: the mint does not sign anything"},
        {"link_up", "the link to the pool is up"}};
    std::uint64_t generation{}, quotes{}, operations{};
    std::uint64_t issued{}, spent{};
    std::uint64_t held{}, held_amount{};
    bool signing{}, link_up{};
    std::uint64_t wal_bytes{};
    std::int64_t wal_held_ms{};
    std::uint64_t log_lines_dropped{};
};
BOOST_DESCRIBE_STRUCT(LedgerStatus, (),
                      (generation, quotes, operations, issued, spent, held, held_amount, signing, link_up,
                       wal_bytes, wal_held_ms, log_lines_dropped))

struct QuotesCreated {
    static constexpr Info info{"quotes_created", "The outcome of the pool's requests in one commit."};
    static constexpr Doc docs[]{{"created", "new quotes"},
                                {"replayed", "quotes that existed already"},
                                {"refused", "requests"},
                                {"amount", "ehash of the new quotes"}};
    static constexpr Series series[]{{.name = "mint_quotes_created", .count = "created", .amount = "amount"},
                                     {.name = "mint_quotes_replayed", .count = "replayed"},
                                     {.name = "mint_quotes_refused", .count = "refused"}};
    static constexpr Metric metrics[]{{"hashpool_mint_quotes_total", "Quotes that the mint created."},
                                      {"hashpool_mint_quotes_ehash_total",
                                       "Ehash of the quotes that the mint created.", Metric::Of::amount},
                                      {.name = "hashpool_mint_quotes_refused_total",
                                       .help = "Quote requests that the mint refused.",
                                       .series = "mint_quotes_refused"}};
    std::uint64_t created{}, replayed{}, refused{}, amount{};
};
BOOST_DESCRIBE_STRUCT(QuotesCreated, (), (created, replayed, refused, amount))

struct EhashIssued {
    static constexpr Info info{
        "ehash_issued",
        "Signatures for a mint request. One record per request: repeated answers are not recorded."};
    static constexpr Doc docs[]{{"outputs", "signatures"}};
    static constexpr Series series[]{{.amount = "amount"}};
    static constexpr Metric metrics[]{
        {"hashpool_mint_ehash_issued_total", "Ehash that the mint signed for quotes.", Metric::Of::amount}};
    std::uint64_t amount{};
    std::uint64_t outputs{};
};
BOOST_DESCRIBE_STRUCT(EhashIssued, (), (amount, outputs))

struct EhashSwapped {
    static constexpr Info info{"ehash_swapped", "Signatures for a swap."};
    static constexpr Doc docs[]{{"outputs", "signatures"}};
    static constexpr Series series[]{{.amount = "amount"}};
    static constexpr Metric metrics[]{
        {"hashpool_mint_ehash_swapped_total", "Ehash that the mint signed for swaps.", Metric::Of::amount}};
    std::uint64_t amount{};
    std::uint64_t outputs{};
};
BOOST_DESCRIBE_STRUCT(EhashSwapped, (), (amount, outputs))

struct RequestRefused {
    static constexpr Info info{"request_refused", "An HTTP request that ended in an error."};
    static constexpr Doc docs[]{
        {"route", "the path, without ids"}, {"status", "of HTTP"}, {"code", "Cashu error code; 0: none"}};
    static constexpr Series series[]{{.label = "code"}};
    static constexpr Metric metrics[]{{.name = "hashpool_mint_requests_refused_total",
                                       .help = "Requests that the mint refused.",
                                       .is_by_label = true}};
    std::string_view route{};
    std::int32_t status{};
    Code<&cashu_error_labels> code{};
};
BOOST_DESCRIBE_STRUCT(RequestRefused, (), (route, status, code))

struct LinkUp {
    static constexpr Info info{"link_up", "The link to the pool is up."};
    static constexpr Doc docs[]{{"session_id", "the pool's id of the link"}};
    std::string_view peer{};
    std::uint64_t session_id{};
};
BOOST_DESCRIBE_STRUCT(LinkUp, (), (peer, session_id))

struct LinkDown {
    static constexpr Info info{"link_down", "The link to the pool has ended."};
    static constexpr Doc docs[]{{"reason", "reason, as text"}};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(LinkDown, (), (reason))

using MintRecords =
    boost::mp11::mp_list<PoolRollback, QuotesHeld, QuotesReleased, LedgerStatus, QuotesCreated, EhashIssued,
                         EhashSwapped, RequestRefused, LinkUp, LinkDown>;

}  // namespace hp::records
