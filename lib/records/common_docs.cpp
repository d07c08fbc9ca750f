#include "records/common_docs.hpp"

#include <algorithm>

#include "records/record.hpp"

namespace hp::records {
namespace {

constexpr Doc kDocs[]{
    {"connection_id", "id of the connection to the pool"},
    {"channel_id", "id of the channel on its connection"},
    {"miner_id", "id of the miner's connection to the proxy"},
    {"peer", "address"},
    {"worker", "the miner's name, as it gave it"},
    {"user_agent", "the miner's software, as reported by itself"},
    {"reason", "the protocol's error code"},
    {"difficulty", "of the target"},
    {"target", "as displayed"},
    {"sequence_number", "sequence number that the miner gave the share"},
    {"seq", "row number in the outbox"},
    {"share_hash", "in header byte order"},
    {"hash", "the block's, as explorers show it"},
    {"height", "of the block"},
    {"accepted", "true: the block is in the chain"},
    {"fate",
     "accepted; side-branch: it is valid, but another block of its height is in the chain; rejected; "
     "undelivered"},
    {"quote_id", "the mint's row number of the quote"},
    {"amount", "ehash"},
    {"extranonce1", "the pool's part of the extranonce"},
    {"started_ms", "when the program started"},
    {"wal_bytes", "bytes in use of the database's write-ahead log"},
    {"wal_held_ms", "how long a reader has kept it from being truncated; 0: no reader does"},
    {"messages_ignored", "messages of unknown types or extensions"},
    {"handshakes_failed", "failed handshakes"},
    {"log_lines_dropped", "log lines lost since the start: the disk was full, or the reader had stopped"},
    {"clock_off_ms",
     "how far the system clock is from where it was before it was set within the last hour; 0: it was not "
     "set"},
    // A channel's or a miner's shares.
    {"shares_accepted", "accepted shares"},
    {"shares_rejected", "rejected shares"},
    {"work_hashes", "expected hashes of the accepted shares"},
    {"last_share_ms", "when the last share was accepted; absent before the first"},
    {"window_s", "length of the window of the next four fields, five minutes at most"},
    {"window_shares", "accepted shares in the window"},
    {"window_work_hashes", "their expected hashes"},
    {"window_work_squared", "sum of their squares"},
    {"window_work_max", "the largest of them"},
    // hp-miner's.
    {"elapsed_s", "since the start"},
    {"hash_rate_hps", "measured"},
    {"hashes", "since the start"},
    {"connections_open", "current number"},
    {"connects", "connections made"},
    {"disconnects", "connections that have ended"},
    {"shares_submitted", "shares sent"},
    {"shares_dropped_stale", "shares found for a job already abandoned; not sent"},
    {"rejected_by_reason", "rejected shares by reason"},
    {"ack_p50_ms", "time from a share to its answer, median"},
    {"ack_p99_ms", "time from a share to its answer, 99th percentile"},
    {"quotes", "quotes that the pool reported"},
    {"quote_failures", "shares that will never have a quote"},
    {"ehash", "of these quotes"},
};

}  // namespace

std::string_view common_doc(std::string_view field) {
    const auto found = std::ranges::find(kDocs, field, &Doc::field);
    return found == std::end(kDocs) ? std::string_view{} : found->text;
}

}  // namespace hp::records
