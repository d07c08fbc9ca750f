// The records of hp-proxy: miners and status. Its shares and tokens: proxy_shares.hpp.
#pragma once
#include "records/proxy_shares.hpp"

namespace hp::records {

struct MinerConnected {
    static constexpr Info info{"miner_connected", "An SV1 miner has connected."};
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
        "miner_refused", "A worker name was not authorized, or a peer speaks another protocol than SV1."};
    static constexpr Doc docs[]{{"worker", "the name that it gave; empty where it speaks another protocol"},
                                {"reason", "why, in words"}};
    std::uint64_t miner_id{};
    std::string_view peer{};
    std::string_view worker{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(MinerRefused, (), (miner_id, peer, worker, reason))

struct MinerChannelRefused {
    static constexpr Info info{
        "miner_channel_refused",
        "The miner has no channel: the pool refused it, or what it gave cannot be worked with."};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_miner_channels_refused_total",
                                       .help = "Miners of the proxy that got no channel.",
                                       .is_by_label = true}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    Word<&channel_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(MinerChannelRefused, (), (miner_id, worker, reason))

struct UpstreamRefused {
    static constexpr Info info{"upstream_refused", "The pool refused the connection. Another try follows."};
    static constexpr Doc docs[]{{"pool", "its address"}};
    static constexpr Series series[]{{.label = "reason"}};
    static constexpr Metric metrics[]{{.name = "hashpool_upstream_refused_total",
                                       .help = "Connections that the pool refused to the proxy.",
                                       .is_by_label = true}};
    std::string_view pool{};
    Word<&setup_refusal_labels> reason{};
};
BOOST_DESCRIBE_STRUCT(UpstreamRefused, (), (pool, reason))

struct UpstreamLost {
    static constexpr Info info{
        "upstream_lost",
        "No connection to the pool is left: the last one has ended, or another try has failed."};
    static constexpr Doc docs[]{{"pool", "its address"}, {"reason", "why, in words"}};
    std::string_view pool{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(UpstreamLost, (), (pool, reason))

struct MinerDisconnected {
    static constexpr Info info{"miner_disconnected", "A miner's connection has ended."};
    static constexpr Doc docs[]{{"worker", "empty"}, {"reason", "why, in words"}};
    std::uint64_t miner_id{};
    std::string_view worker{};
    std::string_view reason{};
};
BOOST_DESCRIBE_STRUCT(MinerDisconnected, (), (miner_id, worker, reason))

/// What one of several workers of a miner has done.
struct WorkerCounts {
    std::string_view worker{};
    std::uint64_t shares_accepted{}, shares_rejected{};
    double work_hashes{};
};
BOOST_DESCRIBE_STRUCT(WorkerCounts, (), (worker, shares_accepted, shares_rejected, work_hashes))

/// As much as keeps the record below what hp-stats takes, whatever the names are.
inline constexpr std::size_t kWorkersBytesMax = 1'000;

/// What a miner has once the pool has given it a channel.
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
    static constexpr Info info{
        "downstream_status",
        "A miner as it stands: when it gets its channel, and each 5 to 60 seconds, longer where there are "
        "many. Who "
        "hears nothing of a miner for 150 s may take it as gone. The counts are those of all its workers."};
    static constexpr Doc docs[]{
        {"worker", "the first name that it authorized"},
        {"connected_ms", "when it connected"},
        {"worker_count", "names that it authorized; absent where it has one"},
        {"workers", "what each of the first ones has done; absent where it has one"},
        {"channel_id", "the proxy's own number of its channel; absent while it has none, as the next four"},
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
        "proxy_status", "How things are, every second. Counts without another word are since the start.",
        true};
    static constexpr Doc docs[]{
        {"miners", "that are there"},
        {"pool_connected", "at least one connection to the pool stands"},
        {"pool_connections", "connections to the pool"},
        {"pool_channels", "channels of these"},
        {"pool_channels_max", "channels that these may have"},
        {"messages_ignored", "messages of the pool, of unknown types or extensions"},
        {"mint_connected",
         "its last answer came; one that is idle is asked for /v1/info every second or two"},
        {"wallet_balance", "ehash"},
        {"closed_for_invalid_shares", "miners"},
        {"closed_for_requests", "miners that asked for too much"},
        {"closed_for_outage", "miners, because the pool was away for long"},
        {"shares_unjudged",
         "shares refused without asking the pool, because their miner had spent its budget of invalid "
         "shares"}};
    static constexpr Gauge gauges[]{{"miners", "sv1_clients_total", "Miners at the proxy now."}};
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
