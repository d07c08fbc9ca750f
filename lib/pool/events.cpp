#include "pool/events.hpp"

#include <algorithm>

#include "log/log.hpp"
#include "mining/channel.hpp"
#include "mining/refused_share.hpp"
#include "mining/share_tally.hpp"
#include "mining/worker_tallies.hpp"
#include "net/frames.hpp"

namespace hp::pool {

void Events::channel_status(const ChannelStatus& s) {
    if (!is_on()) return;
    records::ChannelStatus record{
        .connection_id = s.connection_id,
        .channel_id = s.channel.channel_id(),
        .peer = s.peer,
        .program = s.program,
        .kind = s.channel.kind() == mining::ChannelKind::extended ? "extended" : "standard",
        .worker = s.worker,
        .opened_ms = s.opened_ms,
        .difficulty = bitcoin::difficulty_from_target(s.channel.target()),
        .target = {s.channel.target()},
        .nominal_hash_rate_hps = s.nominal_hash_rate_hps,
        .extranonce_prefix = {s.channel.extranonce_prefix().view()},
        .extranonce_size = s.channel.extranonce_size(),
        .blocks_found = s.tally.blocks_found(),
        .tally = mining::record_of(s.tally, steady_ms_now(), unix_ms_now())};
    if (s.workers) {
        record.worker_count = s.workers->named();
        auto& items = record.workers.emplace().items;
        for (const auto& worker : s.workers->all())
            items.push_back({worker.name, worker.accepted, worker.rejected, worker.work_hashes});
        std::ranges::sort(items, std::greater{}, &records::WorkerCounts::work_hashes);
    }
    tell(record);
}

void Events::share_rejected(const mining::RefusedShare& share) {
    if (!is_on()) return;
    const std::string detail = mining::detail_of(share);
    records::ShareRejected record{.connection_id = share.connection_id,
                                  .channel_id = share.channel_id,
                                  .worker = share.worker,
                                  .sequence_number = share.sequence_number,
                                  .reason = {wire::word_of(share.reason)},
                                  .job_id = share.job_id,
                                  .peer = share.peer};
    if (!detail.empty()) record.detail = detail;
    if (share.is_hashed()) record.share_hash = {share.hash};
    if (share.locking_key) record.locking_key = {*share.locking_key};
    tell(record);
}

void Events::mint_status(const MintStatus& mint) {
    records::MintStatus record{.mint = mint.name,
                               .mint_id = mint.id,
                               .configured = mint.is_configured,
                               .connected = mint.is_connected,
                               .since_ms = mint.since_ms,
                               .pending = mint.pending,
                               .inflight = mint.inflight,
                               .created = mint.created,
                               .wrong_answers = mint.wrong_answers,
                               .dead = mint.dead};
    if (mint.is_connected) record.peer = mint.peer;
    if (mint.oldest_pending_ms) {
        record.oldest_pending_ms = mint.oldest_pending_ms;
        record.oldest_age_ms = std::max<UnixMs>(0, unix_ms_now() - mint.oldest_pending_ms);
    }
    tell(record);
}

void Events::status(const Status& s) {
    tell(records::PoolStatus{.started_ms = started_ms_,
                             .connections = s.connections,
                             .channels = s.channels,
                             .channels_busiest = s.channels_busiest,
                             .channels_max = s.channels_max,
                             .channels_unproven = s.channels_unproven,
                             .channels_unproven_max = s.channel_limits.unproven,
                             .channels_total_max = s.channel_limits.total,
                             .outbox_pending = s.outbox_pending,
                             .outbox_dead = s.outbox_dead,
                             .mint_connected = s.mint_connected,
                             .wal_bytes = s.outbox_log.bytes,
                             .wal_held_ms = s.outbox_log.held_ms,
                             .messages_ignored = s.messages_ignored,
                             .handshakes_failed = s.mining_port.handshake_failed,
                             .connections_refused = s.mining_port.refused_full,
                             .connections_cut_for_memory = s.cut_for_memory,
                             .connections_dropped_slow = s.mining_port.dropped_slow,
                             .frames_damaged = s.mining_port.bad_mac,
                             .channels_closed_for_invalid_shares = s.refusals.channels_closed,
                             .shares_unjudged = s.refusals.shares_unjudged,
                             .connections_closed_for_refusals = s.refusals.connections_closed,
                             .connections_closed_for_room = s.refusals.connections_closed_for_room,
                             .refused_shares_not_kept = s.refused_not_kept,
                             .clock_off_ms = s.clock_off_ms,
                             .clock_behind_tip_s = s.clock_behind_tip_s,
                             .template_provider_connected = s.has_template_provider,
                             .template_provider_since_ms = s.template_provider_since_ms,
                             .has_template = s.has_template,
                             .template_age_ms = s.template_age_ms,
                             .log_lines_dropped = log::dropped_lines()});
}

}  // namespace hp::pool
