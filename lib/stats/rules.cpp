#include "stats/rules.hpp"

#include <algorithm>

namespace hp::stats {
namespace {

constexpr Rule kRules[] = {
    // hp-pool
    {.type = "share_accepted",
     .series = "share_accepted",
     .label = "worker",
     .amount = "amount",
     .work = "work_hashes",
     .writer = "hp-pool"},
    {.type = "share_rejected", .series = "share_rejected", .label = "reason"},
    {.type = "quote_created",
     .series = "quote_created",
     .label = "replay",
     .amount = "amount",
     .latency = "latency_ms",
     .latency_name = "share_to_quote_ms"},
    {.type = "quote_dead", .series = "quote_dead", .label = "code"},
    {.type = "quote_requeued", .series = "quote_requeued"},
    {.type = "mint_status", .series = "mint_status", .label = "mint"},
    {.type = "block_found", .series = "block_found", .label = "worker"},
    {.type = "tip_changed", .series = "tip_changed"},
    {.type = "connection_opened", .series = "connection_opened"},
    {.type = "connection_closed", .series = "connection_closed"},
    {.type = "setup_refused", .series = "setup_refused", .label = "reason"},
    {.type = "channel_refused", .series = "channel_refused", .label = "reason"},
    {.type = "update_refused", .series = "update_refused", .label = "reason"},
    {.type = "channel_opened", .series = "channel_opened"},
    {.type = "channel_named", .series = "channel_named"},
    {.type = "channel_closed", .series = "channel_closed"},
    {.type = "target_set", .series = "target_set"},
    {.type = "channel_status", .series = "channel_status"},
    {.type = "alarm", .series = "alarm"},
    {.type = "events_dropped", .series = "events_dropped", .count = "count"},
    // hp-template
    {.type = "block_submitted", .series = "block_submitted", .label = "accepted"},
    {.type = "block_resubmitted", .series = "block_resubmitted", .label = "accepted"},
    {.type = "block_moved", .series = "block_moved", .label = "accepted"},
    // hp-mint
    {.type = "quotes_created", .series = "mint_quotes_created", .count = "created", .amount = "amount"},
    {.type = "quotes_created", .series = "mint_quotes_replayed", .count = "replayed"},
    {.type = "quotes_created", .series = "mint_quotes_refused", .count = "refused"},
    {.type = "ehash_issued", .series = "ehash_issued", .amount = "amount"},
    {.type = "ehash_swapped", .series = "ehash_swapped", .amount = "amount"},
    {.type = "request_refused", .series = "request_refused", .label = "code"},
    {.type = "quotes_held", .series = "mint_quotes_held", .count = "count"},
    {.type = "quotes_released", .series = "mint_quotes_released", .count = "count"},
    {.type = "pool_rollback", .series = "pool_rollback", .count = "count"},
    {.type = "link_up", .series = "link_up"},
    {.type = "link_down", .series = "link_down"},
    // hp-proxy
    {.type = "miner_connected", .series = "miner_connected"},
    {.type = "downstream_status", .series = "downstream_status"},
    {.type = "miner_authorized", .series = "miner_authorized"},
    {.type = "miner_disconnected", .series = "miner_disconnected"},
    {.type = "upstream_refused", .series = "upstream_refused", .label = "reason"},
    {.type = "miner_refused", .series = "miner_refused"},
    {.type = "miner_channel_refused", .series = "miner_channel_refused", .label = "reason"},
    {.type = "miner_share_accepted",
     .series = "miner_share_accepted",
     .label = "worker",
     .latency = "latency_ms",
     .latency_name = "miner_answer_ms"},
    {.type = "miner_share_rejected", .series = "miner_share_rejected", .label = "reason"},
    {.type = "token_minted",
     .series = "token_minted",
     .amount = "amount",
     .latency = "share_to_token_ms",
     .latency_name = "share_to_token_ms"},
    {.type = "quote_for_other_key", .series = "quote_for_other_key", .amount = "amount"},
    {.type = "quote_failed", .series = "quote_failed"},
    {.type = "quote_parked", .series = "quote_parked"},
};

constexpr std::string_view kStatusTypes[] = {"pool_status",   "proxy_status",   "mint_status",
                                             "ledger_status", "miner_status",   "miner_summary",
                                             "alarm",         "template_status"};

}  // namespace

std::span<const Rule> rules() { return kRules; }

std::string_view writer_of(std::string_view series) {
    const auto found = std::ranges::find(kRules, series, &Rule::series);
    return found == std::end(kRules) ? std::string_view{} : found->writer;
}

bool is_status(std::string_view type) {
    return std::ranges::find(kStatusTypes, type) != std::end(kStatusTypes);
}

std::string_view status_qualifier(std::string_view type) { return type == "mint_status" ? "mint" : ""; }

}  // namespace hp::stats
