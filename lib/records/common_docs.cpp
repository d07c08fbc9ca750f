#include "records/common_docs.hpp"

#include <algorithm>

#include "records/record.hpp"

namespace hp::records {
namespace {

constexpr Doc kDocs[]{
    {"connection_id", "number of the connection to the pool"},
    {"channel_id", "number of the channel on its connection"},
    {"miner_id", "number of the miner's connection to the proxy"},
    {"peer", "address"},
    {"worker", "the name that the miner gave"},
    {"user_agent", "the miner's program, as it says itself"},
    {"reason", "the protocol's error code"},
    {"difficulty", "of the target"},
    {"target", "as displayed"},
    {"sequence_number", "the miner's number of the share"},
    {"seq", "number in the outbox"},
    {"share_hash", "in header byte order"},
    {"hash", "of the block, as explorers show it"},
    {"height", "of the block"},
    {"accepted", "true: it is in the chain"},
    {"fate",
     "accepted; side-branch: it is right, and another block of its height is in the chain; rejected; "
     "undelivered"},
    {"quote_id", "the mint's number of the quote"},
    {"amount", "ehash"},
    {"extranonce1", "the pool's part of the extranonce"},
    {"started_ms", "when the program was started"},
    {"wal_bytes", "of the database's write-ahead log in use"},
    {"wal_held_ms", "for how long a reader has kept it from getting shorter; 0: none does"},
    {"messages_ignored", "messages of unknown types or extensions"},
    {"handshakes_failed", "handshakes that did not end well"},
    {"log_lines_dropped",
     "lines of its log that were lost since the start: the disk was full, or its reader had stopped"},
    {"clock_off_ms",
     "how far the system clock was set, and has not been set back, within the last hour; 0: it was not"},
    // A channel's or a miner's shares.
    {"shares_accepted", "that were accepted"},
    {"shares_rejected", "that were rejected"},
    {"work_hashes", "expected hashes of the accepted shares"},
    {"last_share_ms", "when the last share was accepted; absent before the first"},
    {"window_s", "length of the window, five minutes at most, of the next four"},
    {"window_shares", "accepted shares of the window"},
    {"window_work_hashes", "their expected hashes"},
    {"window_work_squared", "sum of the squares of these"},
    {"window_work_max", "the greatest of these"},
    // hp-miner's.
    {"elapsed_s", "since the start"},
    {"hash_rate_hps", "measured"},
    {"hashes", "since the start"},
    {"connections_open", "that are there"},
    {"connects", "connections that were made"},
    {"disconnects", "connections that ended"},
    {"shares_submitted", "that were sent"},
    {"shares_dropped_stale", "shares found for a job that was no longer worked on, not sent"},
    {"rejected_by_reason", "the rejected shares by their reason"},
    {"ack_p50_ms", "time from a share to its answer: half took no longer"},
    {"ack_p99_ms", "the same of 99 in 100"},
    {"quotes", "quotes that the pool told of"},
    {"quote_failures", "shares that will have no quote"},
    {"ehash", "of these quotes"},
};

}  // namespace

std::string_view common_doc(std::string_view field) {
    const auto found = std::ranges::find(kDocs, field, &Doc::field);
    return found == std::end(kDocs) ? std::string_view{} : found->text;
}

}  // namespace hp::records
