#include "pool/events.hpp"

#include <algorithm>

#include "log/log.hpp"
#include "mining/channel.hpp"
#include "mining/refused_share.hpp"
#include "mining/share_tally.hpp"
#include "net/event_sink.hpp"
#include "net/frames.hpp"
#include "wire/records.hpp"

namespace hp::pool {

using wire::Record;

void Events::write(const Record& record) { sink_->write(record); }

bool Events::off() const { return !sink_ || !sink_->enabled(); }

void Events::connection_opened(std::uint64_t connection_id, const std::string& peer) {
    if (off()) return;
    write(make("connection_opened").add("connection_id", connection_id).add("peer", peer));
}

void Events::connection_closed(std::uint64_t connection_id, const std::string& reason) {
    if (off()) return;
    write(make("connection_closed").add("connection_id", connection_id).add("reason", reason));
}

void Events::setup_refused(std::uint64_t connection_id, const std::string& peer, std::string_view reason) {
    if (off()) return;
    write(make("setup_refused").add("connection_id", connection_id).add("peer", peer).add("reason", reason));
}

void Events::channel_refused(std::uint64_t connection_id, const std::string& peer, std::string_view worker,
                             std::string_view reason) {
    if (off()) return;
    write(make("channel_refused")
              .add("connection_id", connection_id)
              .add("peer", peer)
              .add("worker", worker)
              .add("reason", reason));
}

void Events::update_refused(std::uint64_t connection_id, std::uint32_t channel_id, std::string_view reason) {
    if (off()) return;
    write(make("update_refused")
              .add("connection_id", connection_id)
              .add("channel_id", channel_id)
              .add("reason", reason));
}

void Events::channel_opened(std::uint64_t connection_id, std::uint32_t channel_id, const std::string& worker,
                            double difficulty) {
    if (off()) return;
    write(make("channel_opened")
              .add("connection_id", connection_id)
              .add("channel_id", channel_id)
              .add("worker", worker)
              .add("difficulty", difficulty));
}

void Events::channel_named(std::uint64_t connection_id, std::uint32_t channel_id, const std::string& worker) {
    if (off()) return;
    write(make("channel_named")
              .add("connection_id", connection_id)
              .add("channel_id", channel_id)
              .add("worker", worker));
}

void Events::channel_closed(std::uint64_t connection_id, std::uint32_t channel_id, std::string_view reason) {
    if (off()) return;
    auto record = make("channel_closed");
    record.add("connection_id", connection_id).add("channel_id", channel_id);
    if (!reason.empty()) record.add("reason", reason);
    write(record);
}

void Events::target_set(std::uint64_t connection_id, std::uint32_t channel_id, double difficulty) {
    if (off()) return;
    write(make("target_set")
              .add("connection_id", connection_id)
              .add("channel_id", channel_id)
              .add("difficulty", difficulty));
}

void Events::channel_status(const ChannelStatus& s) {
    if (off()) return;
    auto record = make("channel_status");
    Bytes32 target = s.channel.target();
    std::ranges::reverse(target);
    record.add("connection_id", s.connection_id)
        .add("channel_id", s.channel.channel_id())
        .add("peer", s.peer)
        .add("program", s.program)
        .add("kind", s.channel.kind() == mining::ChannelKind::extended ? "extended" : "standard")
        .add("worker", s.worker)
        .add("opened_ms", s.opened_ms)
        .add("difficulty", bitcoin::difficulty_from_target(s.channel.target()))
        .add_hex("target", target)
        .add("nominal_hash_rate_hps", s.nominal_hash_rate_hps)
        .add_hex("extranonce_prefix", s.channel.extranonce_prefix().view())
        .add("extranonce_size", s.channel.extranonce_size())
        .add("blocks_found", s.tally.blocks_found());
    mining::add_tally(record, s.tally, steady_ms_now(), unix_ms_now());
    write(record);
}

void Events::share_accepted(const Share& share, std::uint64_t seq, const Bytes32& share_hash,
                            std::uint64_t amount, double work_hashes) {
    if (off()) return;
    write(make("share_accepted")
              .add("connection_id", share.connection_id)
              .add("channel_id", share.channel_id)
              .add("worker", share.worker)
              .add("sequence_number", share.sequence_number)
              .add("seq", seq)
              .add_hex("share_hash", share_hash)
              .add("amount", amount)
              .add("work_hashes", work_hashes));
}

void Events::share_rejected(const mining::RefusedShare& share) {
    if (off()) return;
    auto record = make("share_rejected");
    record.add("connection_id", share.connection_id)
        .add("channel_id", share.channel_id)
        .add("worker", share.worker)
        .add("sequence_number", share.sequence_number)
        .add("reason", wire::word_of(share.reason))
        .add("job_id", share.job_id)
        .add("peer", share.peer);
    if (const auto detail = mining::detail_of(share); !detail.empty()) record.add("detail", detail);
    if (share.is_hashed()) record.add_hex("share_hash", share.hash);
    if (share.locking_key) record.add_hex("locking_key", *share.locking_key);
    write(record);
}

void Events::block_found(const Bytes32& hash, std::uint64_t template_id, std::string_view worker) {
    if (off()) return;
    write(make("block_found")
              .add("hash", to_hex_reversed(hash))
              .add("template_id", template_id)
              .add("worker", worker));
}

void Events::tip_changed(const Bytes32& prev_hash, std::uint32_t nbits) {
    if (off()) return;
    write(make("tip_changed").add("prev_hash", to_hex_reversed(prev_hash)).add("nbits", nbits));
}

void Events::quote_created(std::uint64_t seq, const std::string& quote_id, std::uint64_t amount,
                           const Bytes32& share_hash, bool replay, std::int64_t latency_ms) {
    if (off()) return;
    auto record = make("quote_created");
    record.add("seq", seq)
        .add("quote_id", quote_id)
        .add("amount", amount)
        .add_hex("share_hash", share_hash)
        .add("replay", replay);
    // Unknown after a restart: the share came in before this process began.
    if (latency_ms >= 0) record.add("latency_ms", latency_ms);
    write(record);
}

void Events::quote_dead(std::uint64_t seq, std::uint16_t code, const std::string& reason) {
    if (off()) return;
    write(make("quote_dead").add("seq", seq).add("code", code).add("reason", reason));
}

void Events::quote_requeued(std::uint64_t seq) {
    if (off()) return;
    write(make("quote_requeued").add("seq", seq));
}

void Events::mint_status(const MintStatus& mint) {
    if (off()) return;
    auto record = make("mint_status");
    record.add("mint", mint.name)
        .add("mint_id", std::uint64_t{mint.id})
        .add("configured", mint.is_configured)
        .add("connected", mint.is_connected)
        .add("since_ms", mint.since_ms)
        .add("pending", mint.pending)
        .add("inflight", mint.inflight)
        .add("created", mint.created)
        .add("wrong_answers", mint.wrong_answers)
        .add("dead", mint.dead);
    if (mint.is_connected) record.add("peer", mint.peer);
    if (mint.oldest_pending_ms)
        record.add("oldest_pending_ms", mint.oldest_pending_ms)
            .add("oldest_age_ms", std::max<UnixMs>(0, unix_ms_now() - mint.oldest_pending_ms));
    write(record);
}

void Events::alarm(const std::string& what) {
    if (off()) return;
    write(make("alarm").add("what", what));
}

void Events::status(const Status& s) {
    if (off()) return;
    write(make("pool_status")
              .add("started_ms", started_ms_)
              .add("connections", s.connections)
              .add("channels", s.channels)
              .add("channels_busiest", s.channels_busiest)
              .add("channels_max", s.channels_max)
              .add("channels_unproven", s.channels_unproven)
              .add("channels_unproven_max", std::uint64_t{s.channel_limits.unproven})
              .add("channels_total_max", std::uint64_t{s.channel_limits.total})
              .add("outbox_pending", s.outbox_pending)
              .add("outbox_dead", s.outbox_dead)
              .add("mint_connected", s.mint_connected)
              .add("wal_bytes", s.outbox_log.bytes)
              .add("wal_held_ms", s.outbox_log.held_ms)
              .add("messages_ignored", s.messages_ignored)
              .add("handshakes_failed", s.mining_port.handshake_failed)
              .add("connections_refused", s.mining_port.refused_full)
              .add("connections_cut_for_memory", s.cut_for_memory)
              .add("connections_dropped_slow", s.mining_port.dropped_slow)
              .add("frames_damaged", s.mining_port.bad_mac)
              .add("channels_closed_for_invalid_shares", s.refusals.channels_closed)
              .add("shares_unjudged", s.refusals.shares_unjudged)
              .add("connections_closed_for_refusals", s.refusals.connections_closed)
              .add("connections_closed_for_room", s.refusals.connections_closed_for_room)
              .add("refused_shares_not_kept", s.refused_not_kept)
              .add("clock_off_ms", s.clock_off_ms)
              .add("clock_behind_tip_s", s.clock_behind_tip_s)
              .add("template_provider_connected", s.has_template_provider)
              .add("template_provider_since_ms", s.template_provider_since_ms)
              .add("has_template", s.has_template)
              .add("template_age_ms", s.template_age_ms)
              .add("log_lines_dropped", log::dropped_lines()));
}

Record Events::make(std::string_view type) const { return Record(type, source_, unix_ms_now()); }

}  // namespace hp::pool
