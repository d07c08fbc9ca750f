#include "proxy/events.hpp"

#include "bitcoin/target.hpp"
#include "log/log.hpp"
#include "mining/share_tally.hpp"
#include "proxy/workers.hpp"

namespace hp::proxy {

void Events::downstream_status(const MinerStatus& s) {
    if (!is_on()) return;
    records::DownstreamStatus record{
        .miner_id = s.miner_id,
        .peer = s.peer,
        .worker = s.workers.empty() ? std::string_view() : std::string_view(s.workers.front().name),
        .user_agent = s.user_agent,
        .connected_ms = s.connected_ms,
        .version_mask = {s.version_mask},
        .tally = mining::record_of(s.tally, steady_ms_now(), unix_ms_now())};
    if (s.workers.size() > 1) {
        record.worker_count = s.workers.size();
        for (auto& items = record.workers.emplace().items; const Worker& worker : s.workers)
            items.push_back(
                {worker.name, worker.shares_accepted, worker.shares_rejected, worker.work_hashes});
    }
    if (s.channel_id)
        record.channel = {.channel_id = s.channel_id,
                          .difficulty = bitcoin::difficulty_from_target(s.target),
                          .target = {{s.target}},
                          .extranonce1 = {{s.extranonce1}},
                          .extranonce2_size = s.extranonce2_size};
    tell(record);
}

void Events::share_rejected(const Rejected& share) {
    records::MinerShareRejected record{
        .miner_id = share.miner_id, .worker = share.worker, .reason = {share.reason}, .peer = share.peer};
    if (share.share_hash) record.share_hash = {*share.share_hash};
    if (share.locking_key) record.locking_key = {*share.locking_key};
    tell(record);
}

void Events::status(std::size_t miners, const UpstreamStatus& pool, bool mint_connected,
                    std::uint64_t wallet_balance, const Refusals& refusals, std::int64_t clock_off_ms) {
    tell(records::ProxyStatus{.started_ms = started_ms_,
                              .miners = miners,
                              .pool_connected = pool.connections > 0,
                              .pool_connections = pool.connections,
                              .pool_channels = pool.channels,
                              .pool_channels_max = pool.channels_max,
                              .messages_ignored = pool.messages_ignored,
                              .mint_connected = mint_connected,
                              .wallet_balance = wallet_balance,
                              .closed_for_invalid_shares = refusals.closed_for_invalid_shares,
                              .closed_for_requests = refusals.closed_for_requests,
                              .closed_for_outage = refusals.closed_for_outage,
                              .shares_unjudged = refusals.shares_unjudged,
                              .clock_off_ms = clock_off_ms,
                              .log_lines_dropped = log::dropped_lines()});
}

}  // namespace hp::proxy
