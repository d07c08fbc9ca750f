// The records of hp-pool: connections, channels and status. Its shares and quotes: pool_shares.hpp.
#pragma once
#include "records/pool_shares.hpp"

namespace hp::records {

struct ConnectionOpened {
    static constexpr Info info{"connection_opened", "A client has completed the handshake."};
    static constexpr Metric metrics[]{{"hashpool_connections_total", "Connections to the pool."}};
    std::uint64_t connection_id{};
    std::string_view peer{};
};
BOOST_DESCRIBE_STRUCT(ConnectionOpened, (), (connection_id, peer))

struct ConnectionClosed {
    static constexpr Info info{"connection_closed", "A connection has ended, and its channels with it."};
    static constexpr Doc docs[]{{"reason", "reason, as text"}};
    std::uint64_t connection_id{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(ConnectionClosed, (), (connection_id, reason))

struct SetupRefused {
    static constexpr Info info{"setup_refused", "A client that could not be served. Its connection ends."};
    static constexpr Doc docs[]{
        {"connection_id", "id of the connection to the pool; 0: before the handshake"},
        {"reason", "the protocol's error code, or the protocol that the peer speaks instead of SV2"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_setups_refused_total",
                                       .help = "SV2 connections refused by the pool at setup.",
                                       .is_by_label = true}};
    std::uint64_t connection_id{};
    std::string_view peer{};
    Word<&setup_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(SetupRefused, (), (connection_id, peer, reason))

struct ChannelRefused {
    static constexpr Info info{"channel_refused", "A channel that was not opened."};
    static constexpr Doc docs[]{{"worker", "the requested user_identity"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_channels_refused_total",
                                       .help = "Channels refused by the pool.",
                                       .is_by_label = true}};
    std::uint64_t connection_id{};
    std::string_view peer{};
    std::string_view worker{};
    Word<&channel_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(ChannelRefused, (), (connection_id, peer, worker, reason))

struct ChannelWaits {
    static constexpr Info info{
        "channel_waits",
        "A request for a channel waits for the first template; then the channel opens. "
        "Clients of the ehash extension are refused with no-template-yet instead."};
    static constexpr Doc docs[]{{"worker", "the requested user_identity"}};
    std::uint64_t connection_id{};
    std::string_view peer{};
    std::string_view worker{};
};
BOOST_DESCRIBE_STRUCT(ChannelWaits, (), (connection_id, peer, worker))

struct UpdateRefused {
    static constexpr Info info{"update_refused", "An UpdateChannel that changed nothing."};
    static constexpr Series series[]{{.label = "reason"}};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(UpdateRefused, (), (connection_id, channel_id, reason))

struct ChannelOpened {
    static constexpr Info info{"channel_opened", "A channel was opened."};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::string_view worker{};
    double difficulty{};
};
BOOST_DESCRIBE_STRUCT(ChannelOpened, (), (connection_id, channel_id, worker, difficulty))

struct ChannelNamed {
    static constexpr Info info{"channel_named", "The channel has a new name."};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::string_view worker{};
};
BOOST_DESCRIBE_STRUCT(ChannelNamed, (), (connection_id, channel_id, worker))

struct ChannelClosed {
    static constexpr Info info{"channel_closed", "A channel has ended."};
    static constexpr Doc docs[]{{"reason", "the protocol's error code, if the pool closed it"}};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::optional<std::string_view> reason{};
};
BOOST_DESCRIBE_STRUCT(ChannelClosed, (), (connection_id, channel_id, reason))

struct ChannelStatus {
    static constexpr Info info{
        "channel_status",
        "A channel's current state: when it opens, then every 5 to 60 seconds, less often if there are many "
        "channels. A reader may take a channel as closed after 150 s without this record."};
    static constexpr Doc docs[]{{"program", "vendor and firmware, as reported by the client"},
                                {"kind", "extended or standard"},
                                {"opened_ms", "when the channel was opened"},
                                {"nominal_hash_rate_hps", "claimed hash rate"},
                                {"extranonce_prefix", "the pool's part of the extranonce"},
                                {"extranonce_size", "bytes of extranonce chosen by the miner"},
                                {"blocks_found", "since it opened"},
                                {"worker_count", "number of names that its shares gave; absent if only one"},
                                {"workers", "the shares of the busiest of these; absent if only one"}};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::string_view peer{};
    std::string_view program{};
    std::string_view kind{};
    std::string_view worker{};
    std::int64_t opened_ms{};
    double difficulty{};
    Reversed target{};
    double nominal_hash_rate_hps{};
    HexText extranonce_prefix{};
    std::uint8_t extranonce_size{};
    std::uint64_t blocks_found{};
    Tally tally{};
    std::optional<std::uint64_t> worker_count{};
    std::optional<List<WorkerCounts, kWorkersBytesMax>> workers{};
};
BOOST_DESCRIBE_STRUCT(ChannelStatus, (),
                      (connection_id, channel_id, peer, program, kind, worker, opened_ms, difficulty, target,
                       nominal_hash_rate_hps, extranonce_prefix, extranonce_size, blocks_found, tally,
                       worker_count, workers))

struct TargetSet {
    static constexpr Info info{"target_set", "A channel's new target."};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    double difficulty{};
};
BOOST_DESCRIBE_STRUCT(TargetSet, (), (connection_id, channel_id, difficulty))

struct BlockFound {
    static constexpr Info info{"block_found",
                               "A share that is a block, on its way to the Template Provider."};
    static constexpr Doc docs[]{{"template_id", "the Template Provider's id of the template"},
                                {"file", "the whole block; absent if it could not be kept whole"}};
    static constexpr Series series[]{{.label = "worker"}};
    static constexpr Metric metrics[]{
        {"sv2_client_blocks_found_total", "Blocks found by the pool's miners."}};
    Reversed hash{};
    std::uint64_t template_id{};
    std::string_view worker{};
    std::optional<std::string_view> file{};
};
BOOST_DESCRIBE_STRUCT(BlockFound, (), (hash, template_id, worker, file))

struct BlockVerdict {
    static constexpr Info info{
        "block_verdict", "What became of a block found, as told by hp-template; again when that changes."};
    Reversed hash{};
    bool accepted{};
    std::string_view fate{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(BlockVerdict, (), (hash, accepted, fate, reason))

struct TipChanged {
    static constexpr Info info{"tip_changed", "The chain has a new tip."};
    static constexpr Doc docs[]{{"prev_hash", "the tip's hash"},
                                {"nbits", "compact target of the next block"}};
    Reversed prev_hash{};
    std::uint32_t nbits{};
};
BOOST_DESCRIBE_STRUCT(TipChanged, (), (prev_hash, nbits))

struct MintStatus {
    static constexpr Info info{"mint_status", "One of the pool's mints; every second for each mint.", true,
                               "mint"};
    static constexpr Doc docs[]{
        {"mint", "its name"},
        {"mint_id", "its id in the outbox"},
        {"configured", "false: rows wait for a mint that is not in allowed_mint_keys"},
        {"connected", "its link is up"},
        {"since_ms", "since when the link is up or down"},
        {"pending", "backlog: shares not answered yet"},
        {"inflight", "of these, requests already sent"},
        {"created", "quotes since the start"},
        {"wrong_answers", "answers that match no request, since the start"},
        {"dead", "shares that it has refused for good"},
        {"peer", "address; absent while the link is down"},
        {"oldest_pending_ms", "when the oldest share of the backlog was accepted; absent without a backlog"},
        {"oldest_age_ms", "its age; absent without a backlog"}};
    static constexpr Series series[]{{.label = "mint"}};
    std::string_view mint{};
    std::uint64_t mint_id{};
    bool configured{}, connected{};
    std::int64_t since_ms{};
    std::uint64_t pending{}, inflight{}, created{}, wrong_answers{}, dead{};
    std::optional<std::string_view> peer{};
    std::optional<std::int64_t> oldest_pending_ms{}, oldest_age_ms{};
};
BOOST_DESCRIBE_STRUCT(MintStatus, (),
                      (mint, mint_id, configured, connected, since_ms, pending, inflight, created,
                       wrong_answers, dead, peer, oldest_pending_ms, oldest_age_ms))

struct PoolStatus {
    static constexpr Info info{
        "pool_status", "The pool's state, every second. Counts are since the start unless said otherwise.",
        true};
    static constexpr Doc docs[]{
        {"connections", "current number"},
        {"channels", "current number"},
        {"channels_busiest", "channels of the connection that has the most"},
        {"channels_max", "maximum channels per connection"},
        {"channels_unproven", "channels without an accepted share"},
        {"channels_unproven_max", "maximum of these, over all connections"},
        {"channels_total_max", "maximum channels, over all connections"},
        {"connections_closed_for_refusals", "connections that have sent only refused shares and channels"},
        {"connections_closed_for_room",
         "connections closed to make room for others because their channels had no accepted shares"},
        {"outbox_pending", "shares waiting for a quote, over all mints"},
        {"outbox_dead", "shares refused for good by a mint"},
        {"mint_connected", "the links of all configured mints are up"},
        {"connections_refused", "connections closed to make room for newer ones"},
        {"connections_cut_for_memory", "connections closed because of buffer_memory_mib"},
        {"connections_dropped_slow", "connections closed because the peer did not read"},
        {"frames_damaged", "frames with an invalid authentication tag"},
        {"channels_closed_for_invalid_shares", "channels"},
        {"shares_unjudged",
         "shares not checked, because their channel had used up its budget of invalid shares, or had just "
         "been closed for that"},
        {"refused_shares_not_kept",
         "refused shares missing from the file keep_refused: the disk was full, failing or too slow"},
        {"template_provider_connected", "the connection to the Template Provider is up"},
        {"template_provider_since_ms", "since when it is up or down"},
        {"has_template", "miners have work"},
        {"template_age_ms", "height of the newest template or tip; 0: none"},
        {"clock_behind_tip_s", "how far the tip's timestamp is ahead of the system clock"}};
    static constexpr Gauge gauges[]{
        {"connections", "sv2_clients_total", "Current connections to the pool."},
        {"channels", "sv2_client_channels", "Current channels of the pool.", "channel_type", "extended"}};
    std::int64_t started_ms{};
    std::uint64_t connections{}, channels{}, channels_busiest{}, channels_max{};
    std::uint64_t channels_unproven{}, channels_unproven_max{}, channels_total_max{};
    std::uint64_t outbox_pending{}, outbox_dead{};
    bool mint_connected{};
    std::uint64_t wal_bytes{};
    std::int64_t wal_held_ms{};
    std::uint64_t messages_ignored{};
    std::uint64_t handshakes_failed{}, connections_refused{}, connections_cut_for_memory{};
    std::uint64_t connections_dropped_slow{}, frames_damaged{};
    std::uint64_t channels_closed_for_invalid_shares{}, shares_unjudged{};
    std::uint64_t connections_closed_for_refusals{}, connections_closed_for_room{}, refused_shares_not_kept{};
    std::int64_t clock_off_ms{}, clock_behind_tip_s{};
    bool template_provider_connected{};
    std::int64_t template_provider_since_ms{};
    bool has_template{};
    std::int64_t template_age_ms{};
    std::uint64_t log_lines_dropped{};
};
BOOST_DESCRIBE_STRUCT(PoolStatus, (),
                      (started_ms, connections, channels, channels_busiest, channels_max, channels_unproven,
                       channels_unproven_max, channels_total_max, outbox_pending, outbox_dead, mint_connected,
                       wal_bytes, wal_held_ms, messages_ignored, handshakes_failed, connections_refused,
                       connections_cut_for_memory, connections_dropped_slow, frames_damaged,
                       channels_closed_for_invalid_shares, shares_unjudged, connections_closed_for_refusals,
                       connections_closed_for_room, refused_shares_not_kept, clock_off_ms, clock_behind_tip_s,
                       template_provider_connected, template_provider_since_ms, has_template, template_age_ms,
                       log_lines_dropped))

using PoolRecords = boost::mp11::mp_append<
    boost::mp11::mp_list<ConnectionOpened, ConnectionClosed, SetupRefused, ChannelRefused, ChannelWaits,
                         UpdateRefused, ChannelOpened, ChannelNamed, ChannelClosed, ChannelStatus, TargetSet>,
    PoolShareRecords, boost::mp11::mp_list<BlockFound, BlockVerdict, TipChanged, MintStatus, PoolStatus>>;

}  // namespace hp::records
