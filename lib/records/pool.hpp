// The records of hp-pool: connections, channels and status. Its shares and quotes: pool_shares.hpp.
#pragma once
#include "records/pool_shares.hpp"

namespace hp::records {

struct ConnectionOpened {
    static constexpr Info info{"connection_opened", "A client has finished the handshake."};
    static constexpr Metric metrics[]{{"hashpool_connections_total", "Connections to the pool."}};
    std::uint64_t connection_id{};
    std::string_view peer{};
};
BOOST_DESCRIBE_STRUCT(ConnectionOpened, (), (connection_id, peer))

struct ConnectionClosed {
    static constexpr Info info{"connection_closed", "A connection has ended, and its channels with it."};
    static constexpr Doc docs[]{{"reason", "why, in words"}};
    std::uint64_t connection_id{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(ConnectionClosed, (), (connection_id, reason))

struct SetupRefused {
    static constexpr Info info{"setup_refused", "A client that could not be served. Its connection ends."};
    static constexpr Doc docs[]{
        {"connection_id", "number of the connection to the pool; 0: before the handshake"},
        {"reason", "the protocol's error code, or the protocol that the peer speaks in place of SV2"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_setups_refused_total",
                                       .help = "SV2 connections that the pool refused at setup.",
                                       .is_by_label = true}};
    std::uint64_t connection_id{};
    std::string_view peer{};
    Word<&setup_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(SetupRefused, (), (connection_id, peer, reason))

struct ChannelRefused {
    static constexpr Info info{"channel_refused", "A channel that was not opened."};
    static constexpr Doc docs[]{{"worker", "the user_identity that was asked for"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_channels_refused_total",
                                       .help = "Channels that the pool refused.",
                                       .is_by_label = true}};
    std::uint64_t connection_id{};
    std::string_view peer{};
    std::string_view worker{};
    Word<&channel_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(ChannelRefused, (), (connection_id, peer, worker, reason))

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
    static constexpr Doc docs[]{
        {"reason", "the protocol's error code, where it was the pool that closed it"}};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    std::optional<std::string_view> reason{};
};
BOOST_DESCRIBE_STRUCT(ChannelClosed, (), (connection_id, channel_id, reason))

struct ChannelStatus {
    static constexpr Info info{"channel_status",
                               "A channel as it stands: when it opens, and each 5 to 60 seconds, longer "
                               "where there are many. Who hears "
                               "nothing of a channel for 150 s may take it as closed."};
    static constexpr Doc docs[]{{"program", "vendor and firmware, as it says itself"},
                                {"kind", "extended or standard"},
                                {"opened_ms", "when the channel was opened"},
                                {"nominal_hash_rate_hps", "what it claims"},
                                {"extranonce_prefix", "the pool's part of the extranonce"},
                                {"extranonce_size", "bytes of extranonce that the miner chooses"},
                                {"blocks_found", "since it was opened"}};
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
};
BOOST_DESCRIBE_STRUCT(ChannelStatus, (),
                      (connection_id, channel_id, peer, program, kind, worker, opened_ms, difficulty, target,
                       nominal_hash_rate_hps, extranonce_prefix, extranonce_size, blocks_found, tally))

struct TargetSet {
    static constexpr Info info{"target_set", "A channel's new target."};
    std::uint64_t connection_id{};
    std::uint32_t channel_id{};
    double difficulty{};
};
BOOST_DESCRIBE_STRUCT(TargetSet, (), (connection_id, channel_id, difficulty))

struct BlockFound {
    static constexpr Info info{"block_found",
                               "A share that is a block. It is on its way to the Template Provider."};
    static constexpr Doc docs[]{{"template_id", "the Template Provider's number of the template"}};
    static constexpr Series series[]{{.label = "worker"}};
    static constexpr Metric metrics[]{
        {"sv2_client_blocks_found_total", "Blocks that miners of the pool found."}};
    Reversed hash{};
    std::uint64_t template_id{};
    std::string_view worker{};
};
BOOST_DESCRIBE_STRUCT(BlockFound, (), (hash, template_id, worker))

struct TipChanged {
    static constexpr Info info{"tip_changed", "The chain has a new tip."};
    static constexpr Doc docs[]{{"prev_hash", "the tip's hash"},
                                {"nbits", "compact target of the next block"}};
    Reversed prev_hash{};
    std::uint32_t nbits{};
};
BOOST_DESCRIBE_STRUCT(TipChanged, (), (prev_hash, nbits))

struct MintStatus {
    static constexpr Info info{"mint_status", "One of the pool's mints: each, every second.", true, "mint"};
    static constexpr Doc docs[]{
        {"mint", "its name"},
        {"mint_id", "its number in the outbox"},
        {"configured", "false: rows wait for a mint that is not in allowed_mint_keys"},
        {"connected", "its link stands"},
        {"since_ms", "since when the link stands, or is away"},
        {"pending", "backlog: shares without an answer"},
        {"inflight", "of these, those that it was asked about"},
        {"created", "quotes since the start"},
        {"wrong_answers", "answers that fit no request, since the start"},
        {"dead", "shares that it refused for good"},
        {"peer", "address; absent while it is away"},
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
        "pool_status", "How things are, every second. Counts without another word are since the start.",
        true};
    static constexpr Doc docs[]{
        {"connections", "that are there"},
        {"channels", "that are there"},
        {"channels_busiest", "channels of the connection that has most"},
        {"channels_max", "channels that a connection may have"},
        {"channels_unproven", "channels that no accepted share stands for"},
        {"channels_unproven_max", "of these, of all connections together"},
        {"channels_total_max", "channels of all connections together"},
        {"connections_closed_for_refusals", "connections that sent nothing but refused shares and channels"},
        {"connections_closed_for_room", "connections whose channels brought no shares, closed for others"},
        {"outbox_pending", "shares that wait for a quote, of all mints"},
        {"outbox_dead", "shares that a mint refused for good"},
        {"mint_connected", "the links of all configured mints stand"},
        {"connections_refused", "connections closed for newer ones"},
        {"connections_cut_for_memory", "connections closed because of buffer_memory_mib"},
        {"connections_dropped_slow", "connections closed because they did not read"},
        {"frames_damaged", "frames with a wrong authentication tag"},
        {"channels_closed_for_invalid_shares", "channels"},
        {"shares_unjudged",
         "shares not looked at, because their channel had spent its budget of invalid shares, or was closed "
         "for that "
         "a moment before"},
        {"refused_shares_not_kept",
         "refused shares that are not in the file keep_refused: its disk was full, failed or was too slow"},
        {"template_provider_connected", "the connection to the Template Provider stands"},
        {"template_provider_since_ms", "since when it stands, or is away"},
        {"has_template", "miners have work"},
        {"template_age_ms", "of the newest template or tip; 0: there is none"},
        {"clock_behind_tip_s", "how far the time of the chain's tip is ahead of the system clock"}};
    static constexpr Gauge gauges[]{
        {"connections", "sv2_clients_total", "Connections to the pool now."},
        {"channels", "sv2_client_channels", "Channels of the pool now.", "channel_type", "extended"}};
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
    boost::mp11::mp_list<ConnectionOpened, ConnectionClosed, SetupRefused, ChannelRefused, UpdateRefused,
                         ChannelOpened, ChannelNamed, ChannelClosed, ChannelStatus, TargetSet>,
    PoolShareRecords, boost::mp11::mp_list<BlockFound, TipChanged, MintStatus, PoolStatus>>;

}  // namespace hp::records
