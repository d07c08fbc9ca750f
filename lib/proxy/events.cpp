#include "proxy/events.hpp"

#include <algorithm>
#include <cstdio>

#include "bitcoin/target.hpp"
#include "log/log.hpp"
#include "mining/share_tally.hpp"
#include "net/event_sink.hpp"
#include "proxy/workers.hpp"
#include "wire/records.hpp"

namespace hp::proxy {
namespace {

/// As much as keeps the record below what hp-stats takes, whatever the names are.
constexpr std::size_t kWorkersBytesMax = 1'000;

wire::Record make(std::string_view type) { return wire::Record(type, "hp-proxy", unix_ms_now()); }

/// The first ones, and what each has done.
std::string workers_json(const std::list<Worker>& workers) {
    std::string out = "[";
    for (const Worker& worker : workers) {
        if (out.size() > kWorkersBytesMax) break;
        out += out.size() > 1 ? R"(,{"worker":)" : R"({"worker":)";
        append_json_string(out, worker.name);
        out += R"(,"shares_accepted":)";
        append_json_integer(out, worker.shares_accepted);
        out += R"(,"shares_rejected":)";
        append_json_integer(out, worker.shares_rejected);
        out += R"(,"work_hashes":)";
        append_json_number(out, worker.work_hashes);
        out += '}';
    }
    return out + ']';
}

}  // namespace

bool Events::off() const { return !sink_ || !sink_->enabled(); }

void Events::miner_connected(std::uint64_t miner_id, const std::string& peer) {
    if (!off()) sink_->write(make("miner_connected").add("miner_id", miner_id).add("peer", peer));
}

void Events::miner_authorized(std::uint64_t miner_id, std::string_view worker, std::string_view user_agent) {
    if (!off())
        sink_->write(make("miner_authorized")
                         .add("miner_id", miner_id)
                         .add("worker", worker)
                         .add("user_agent", user_agent));
}

void Events::miner_refused(std::uint64_t miner_id, const std::string& peer, std::string_view worker,
                           std::string_view reason) {
    if (!off())
        sink_->write(make("miner_refused")
                         .add("miner_id", miner_id)
                         .add("peer", peer)
                         .add("worker", worker)
                         .add("reason", reason));
}

void Events::miner_channel_refused(std::uint64_t miner_id, std::string_view worker, std::string_view reason) {
    if (!off())
        sink_->write(make("miner_channel_refused")
                         .add("miner_id", miner_id)
                         .add("worker", worker)
                         .add("reason", reason));
}

void Events::upstream_refused(std::string_view pool, std::string_view reason) {
    if (!off()) sink_->write(make("upstream_refused").add("pool", pool).add("reason", reason));
}

void Events::miner_disconnected(std::uint64_t miner_id, std::string_view worker, std::string_view reason) {
    if (!off())
        sink_->write(
            make("miner_disconnected").add("miner_id", miner_id).add("worker", worker).add("reason", reason));
}

void Events::downstream_status(const MinerStatus& s) {
    if (off()) return;
    auto record = make("downstream_status");
    record.add("miner_id", s.miner_id)
        .add("peer", s.peer)
        .add("worker", s.workers.empty() ? std::string_view() : std::string_view(s.workers.front().name))
        .add("user_agent", s.user_agent)
        .add("connected_ms", s.connected_ms);
    if (s.workers.size() > 1)
        record.add("worker_count", s.workers.size()).add_json("workers", workers_json(s.workers));
    if (s.channel_id) {
        Bytes32 target = s.target;
        std::ranges::reverse(target);
        record.add("channel_id", *s.channel_id)
            .add("difficulty", bitcoin::difficulty_from_target(s.target))
            .add_hex("target", target)
            .add_hex("extranonce1", s.extranonce1)
            .add("extranonce2_size", s.extranonce2_size);
    }
    char mask[9];
    std::snprintf(mask, sizeof mask, "%08x", s.version_mask);
    record.add("version_mask", std::string_view(mask));
    mining::add_tally(record, s.tally, steady_ms_now(), unix_ms_now());
    sink_->write(record);
}

void Events::share_accepted(std::uint64_t miner_id, std::string_view worker, SteadyMs latency_ms) {
    if (!off())
        sink_->write(make("miner_share_accepted")
                         .add("miner_id", miner_id)
                         .add("worker", worker)
                         .add("latency_ms", latency_ms));
}

void Events::share_rejected(const Rejected& share) {
    if (off()) return;
    auto record = make("miner_share_rejected");
    record.add("miner_id", share.miner_id)
        .add("worker", share.worker)
        .add("reason", share.reason)
        .add("peer", share.peer);
    if (share.share_hash) record.add_hex("share_hash", *share.share_hash);
    if (share.locking_key) record.add_hex("locking_key", *share.locking_key);
    sink_->write(record);
}

void Events::quote_for_other_key(std::uint64_t miner_id, std::string_view worker, const std::string& quote_id,
                                 std::uint64_t amount) {
    if (!off())
        sink_->write(make("quote_for_other_key")
                         .add("miner_id", miner_id)
                         .add("worker", worker)
                         .add("quote_id", quote_id)
                         .add("amount", amount));
}

void Events::quote_failed(std::uint64_t miner_id, std::string_view worker, std::string_view reason) {
    if (!off())
        sink_->write(
            make("quote_failed").add("miner_id", miner_id).add("worker", worker).add("reason", reason));
}

void Events::token_minted(const std::string& quote_id, std::uint64_t amount, std::int64_t share_to_token_ms) {
    if (off()) return;
    auto record = make("token_minted");
    record.add("quote_id", quote_id).add("amount", amount);
    if (share_to_token_ms >= 0) record.add("share_to_token_ms", share_to_token_ms);
    sink_->write(record);
}

void Events::alarm(const std::string& what) {
    if (!off()) sink_->write(make("alarm").add("what", what));
}

void Events::quote_parked(const std::string& quote_id, const std::string& reason) {
    if (!off()) sink_->write(make("quote_parked").add("quote_id", quote_id).add("reason", reason));
}

void Events::status(std::size_t miners, const UpstreamStatus& pool, bool mint_connected,
                    std::uint64_t wallet_balance, const Refusals& refusals, std::int64_t clock_off_ms) {
    if (off()) return;
    sink_->write(make("proxy_status")
                     .add("started_ms", started_ms_)
                     .add("miners", miners)
                     .add("pool_connected", pool.connections > 0)
                     .add("pool_connections", std::uint64_t{pool.connections})
                     .add("pool_channels", std::uint64_t{pool.channels})
                     .add("pool_channels_max", std::uint64_t{pool.channels_max})
                     .add("messages_ignored", pool.messages_ignored)
                     .add("mint_connected", mint_connected)
                     .add("wallet_balance", wallet_balance)
                     .add("closed_for_invalid_shares", refusals.closed_for_invalid_shares)
                     .add("closed_for_requests", refusals.closed_for_requests)
                     .add("closed_for_outage", refusals.closed_for_outage)
                     .add("shares_unjudged", refusals.shares_unjudged)
                     .add("clock_off_ms", clock_off_ms)
                     .add("log_lines_dropped", log::dropped_lines()));
}

}  // namespace hp::proxy
