// The records of hp-proxy: miners and status. Its shares and tokens: proxy_shares.hpp.
#pragma once
#include "records/proxy_shares.hpp"

namespace hp::records {

struct MinerConnected {
    static constexpr Info info{"miner_connected", "An SV1 miner connected."};
    std::uint64_t miner_id{};
    std::string_view peer{};
};
BOOST_DESCRIBE_STRUCT(MinerConnected, (), (miner_id, peer))

struct MinerAuthorized {
    static constexpr Info info{"miner_authorized", "A worker name was authorized."};
    std::uint64_t miner_id{};
    std::string_view worker{};
    std::string_view user_agent{};
};
BOOST_DESCRIBE_STRUCT(MinerAuthorized, (), (miner_id, worker, user_agent))

struct MinerRefused {
    static constexpr Info info{
        "miner_refused", "A worker name was not authorized, or the peer speaks a protocol other than SV1."};
    static constexpr Doc docs[]{{"worker", "the name that it gave; empty if it speaks another protocol"},
                                {"reason", "reason, as text"}};
    std::uint64_t miner_id{};
    std::string_view peer{};
    std::string_view worker{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(MinerRefused, (), (miner_id, peer, worker, reason))

struct MinerChannelRefused {
    static constexpr Info info{
        "miner_channel_refused",
        "The miner got no channel: the pool refused it, or returned one that the proxy cannot use."};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_miner_channels_refused_total",
                                       .help = "Miners of the proxy that did not get a channel.",
                                       .is_by_label = true}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    Word<&channel_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(MinerChannelRefused, (), (miner_id, worker, reason))

struct UpstreamRefused {
    static constexpr Info info{"upstream_refused", "The pool refused the connection. The proxy tries again."};
    static constexpr Doc docs[]{{"pool", "the pool's address"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_upstream_refused_total",
                                       .help = "Connections of the proxy refused by the pool.",
                                       .is_by_label = true}};
    std::string_view pool{};
    Word<&setup_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(UpstreamRefused, (), (pool, reason))

struct UpstreamLost {
    static constexpr Info info{"upstream_lost",
                               "The proxy is not connected to the pool: the last connection has ended, or "
                               "another attempt has failed."};
    static constexpr Doc docs[]{{"pool", "the pool's address"}, {"reason", "reason, as text"}};
    std::string_view pool{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(UpstreamLost, (), (pool, reason))

struct MinerDisconnected {
    static constexpr Info info{"miner_disconnected", "A miner's connection has ended."};
    static constexpr Doc docs[]{{"worker", "empty"}, {"reason", "reason, as text"}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(MinerDisconnected, (), (miner_id, worker, reason))

/// Present once the pool has given the miner a channel.
struct MinerChannel {
    std::optional<std::uint32_t> channel_id{};
    std::optional<double> difficulty{};
    std::optional<Reversed> target{};
    std::optional<HexText> extranonce1{};
    std::optional<std::uint64_t> extranonce2_size{};
    static constexpr bool is_inline = true;
};
BOOST_DESCRIBE_STRUCT(MinerChannel, (), (channel_id, difficulty, target, extranonce1, extranonce2_size))

struct DownstreamStatus {
    static constexpr Info info{"downstream_status",
                               "A miner's current state: when it gets its channel, then every 5 to 60 "
                               "seconds, less often if there are many miners. A reader may take a miner as "
                               "gone after 150 s without this record. The counts are over all its workers."};
    static constexpr Doc docs[]{
        {"worker", "the first name it authorized"},
        {"connected_ms", "when it connected"},
        {"worker_count", "number of names it authorized; absent if it has only one"},
        {"workers", "the shares of each of the first ones; absent if it has only one"},
        {"channel_id",
         "the proxy's own id of its channel; absent while it has none, like the next four fields"},
        {"extranonce2_size", "bytes of extranonce2"},
        {"version_mask", "version bits that it may roll"}};
    std::uint64_t miner_id{};
    std::string_view peer{};
    std::string_view worker{};
    std::string_view user_agent{};
    std::int64_t connected_ms{};
    std::optional<std::uint64_t> worker_count{};
    std::optional<List<WorkerCounts, kWorkersBytesMax>> workers{};
    MinerChannel channel{};
    Mask version_mask{};
    Tally tally{};
};
BOOST_DESCRIBE_STRUCT(DownstreamStatus, (),
                      (miner_id, peer, worker, user_agent, connected_ms, worker_count, workers, channel,
                       version_mask, tally))

struct ProxyStatus {
    static constexpr Info info{
        "proxy_status", "The proxy's state, every second. Counts are since the start unless said otherwise.",
        true};
    static constexpr Doc docs[]{
        {"miners", "current number"},
        {"pool_connected", "at least one connection to the pool is up"},
        {"pool_connections", "connections to the pool"},
        {"pool_channels", "channels on these"},
        {"pool_channels_max", "maximum channels on these"},
        {"messages_ignored", "messages from the pool of unknown types or extensions"},
        {"mint_connected",
         "the last request to the mint was answered; an idle mint is asked for /v1/info every second or two"},
        {"wallet_balance", "ehash"},
        {"closed_for_invalid_shares", "miners"},
        {"closed_for_requests", "miners disconnected because they sent too many requests"},
        {"closed_for_outage", "miners disconnected because the pool was down for too long"},
        {"shares_unjudged",
         "shares refused without asking the pool, because their miner had used up its budget of invalid "
         "shares"}};
    static constexpr Gauge gauges[]{{"miners", "sv1_clients_total", "Current miners of the proxy."}};
    std::int64_t started_ms{};
    std::uint64_t miners{};
    bool pool_connected{};
    std::uint64_t pool_connections{}, pool_channels{}, pool_channels_max{};
    std::uint64_t messages_ignored{};
    bool mint_connected{};
    std::uint64_t wallet_balance{};
    std::uint64_t closed_for_invalid_shares{}, closed_for_requests{}, closed_for_outage{}, shares_unjudged{};
    std::int64_t clock_off_ms{};
    std::uint64_t log_lines_dropped{};
};
BOOST_DESCRIBE_STRUCT(ProxyStatus, (),
                      (started_ms, miners, pool_connected, pool_connections, pool_channels, pool_channels_max,
                       messages_ignored, mint_connected, wallet_balance, closed_for_invalid_shares,
                       closed_for_requests, closed_for_outage, shares_unjudged, clock_off_ms,
                       log_lines_dropped))

using ProxyRecords = boost::mp11::mp_append<
    boost::mp11::mp_list<MinerConnected, MinerAuthorized, MinerRefused, MinerChannelRefused, UpstreamRefused,
                         UpstreamLost, MinerDisconnected, DownstreamStatus>,
    ProxyShareRecords, boost::mp11::mp_list<ProxyStatus>>;

}  // namespace hp::records
