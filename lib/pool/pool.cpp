#include "pool/pool.hpp"

#include "base/crash_point.hpp"
#include "ehash/route.hpp"
#include "log/log.hpp"
#include "mining/job.hpp"

namespace hp::pool {

Pool::Pool(net::Clock& clock, Ways ways, Events& events, Options options)
    : clock_{clock},
      ways_{std::move(ways)},
      events_{events},
      options_{std::move(options)},
      work_{options_.work},
      extranonces_{options_.server_id, options_.extranonce_epoch},
      sources_{options_.sources_exempt},
      gifts_{{.invalid_max = options_.terms.invalid_shares_max, .channels_max = options_.terms.channels_max}},
      places_{options_.channels_of_all},
      queue_{clock,
             {.post = ways_.post,
              .store = ways_.store,
              .committed = [this](const ShareQueue::Batch& batch,
                                  ShareQueue::Seqs seqs) { on_committed(batch, std::move(seqs)); }}},
      services_{
          .clock = clock,
          .terms = options_.terms,
          .work = work_,
          .events = events,
          .shares = *this,
          .extranonces = extranonces_,
          .seen = seen_,
          .known_keys = known_keys_,
          .sources = sources_,
          .gifts = gifts_,
          .places = places_,
          .refusals = refusals_,
          .scratch = scratch_,
          .make_room = [this](std::uint64_t connection_id,
                              const mining::Source& source) { return make_room(connection_id, source); },
          .renewed_jobs = [this](std::uint32_t id_in_use) { return renewed_this_tick(id_in_use); },
          .keep_refused = ways_.keep_refused,
          .gone =
              [this](std::uint64_t connection_id) {
                  places_.leave(connection_id);
                  sessions_.erase(connection_id);
              }} {
    HP_ASSERT(!options_.routes.empty());
    for (const auto& route : options_.routes) route_names_.push_back(route.name);
}

Pool::~Pool() { close_all(); }

void Pool::close_all() {
    auto sessions = sessions_;
    for (auto& [id, session] : sessions) session->close("stopping", log::Level::debug);
}

void Pool::add_connection(std::shared_ptr<net::FrameConnection> connection) {
    const auto id = next_connection_id_++;
    auto session = std::make_shared<MinerSession>(services_, connection, id);
    sessions_.emplace(id, session);
    events_.tell(records::ConnectionOpened{id, connection->peer()});
    connection->set_handler(session);
}

bool Pool::make_room(std::uint64_t connection_id, const mining::Source& source) {
    const auto answer = places_.open(connection_id, source);
    if (!answer.gone) return answer.is_in;
    if (const auto it = sessions_.find(*answer.gone); it != sessions_.end()) {
        ++refusals_.connections_closed_for_room;
        const auto goes = it->second;
        goes->close("its channels have had too few shares, and others need the room");
    }
    return answer.is_in;
}

MintId Pool::route(const crypto::PublicKey33& locking_key) const {
    const std::size_t chosen = route_names_.size() == 1 ? 0 : ehash::route_by_key(route_names_, locking_key);
    return options_.routes[chosen].mint;
}

void Pool::each_second() {
    const auto now = clock_.steady_ms();
    tick_jobs_.reset();
    std::size_t channels = 0;
    for (const auto& [id, session] : sessions_) channels += session->channel_count();
    // About 200 records a second at most.
    const auto period_ms = std::clamp<SteadyMs>(static_cast<SteadyMs>(channels) * 5, 5'000, 60'000);
    for (auto& [id, session] : sessions_) session->tick(now, period_ms);
    compare_clocks();
}

/// A clock that was wrong from the start does not step, but the chain's time shows it.
void Pool::compare_clocks() {
    if (!work_.tip()) return;
    const auto behind_s = std::int64_t{work_.tip()->min_ntime} - clock_.unix_ms() / 1000;
    const bool is_hopeless = behind_s > std::int64_t{mining::kNtimeAheadMax};
    behind_tip_s_ = std::max<std::int64_t>(behind_s, 0);
    if (std::exchange(refuses_every_time_, is_hopeless) == is_hopeless) return;
    if (!is_hopeless)
        return log::info("the system clock is no longer behind the chain: shares are accepted again");
    const std::string what = fmt::format(
        "the system clock is {} s behind the chain's tip: every share is refused (invalid-share) until it is "
        "corrected",
        behind_s);
    log::error("{}", what);
    events_.alarm(what);
}

Pool::Counts Pool::counts() const {
    Counts out{.connections = sessions_.size(),
               .channels_unproven = places_.unproven(),
               .refusals = refusals_,
               .has_work = is_ready_,
               .work_age_ms = is_ready_ ? clock_.steady_ms() - work_came_ms_ : 0,
               .clock_behind_tip_s = behind_tip_s_,
               .refuses_every_time = refuses_every_time_};
    for (const auto& [id, session] : sessions_) {
        out.channels += session->channel_count();
        out.channels_busiest = std::max(out.channels_busiest, session->channel_count());
    }
    return out;
}

bool Pool::enqueue(PendingShare share, NewIntent intent) {
    if (is_stopping_ || queue_.is_full()) {
        forget(intent.intent);
        return false;
    }
    queue_.add(std::move(share), std::move(intent));
    return true;
}

void Pool::forget(const ehash::Intent& intent) {
    seen_.forget(to_array<32>(ByteView{intent.header}.subspan(4, 32)), intent.share_hash);
}

void Pool::on_committed(const ShareQueue::Batch& batch, ShareQueue::Seqs seqs) {
    if (!seqs) {
        if (!std::exchange(commit_failing_, true)) {
            // Once per outage, and never suppressed by other alarms in the same second.
            std::string what = "outbox: " + seqs.error().what + "; shares are refused until it is writable";
            log::error("{}", what);
            events_.alarm(what);
        }
    } else if (std::exchange(commit_failing_, false)) {
        log::info("outbox: writable again");
    }
    if (seqs) HP_CRASH_POINT("P3");
    std::vector<std::shared_ptr<MinerSession>> touched;
    for (std::size_t i = 0; i < batch.shares.size(); ++i) {
        const PendingShare& share = batch.shares[i];
        auto session = share.session.lock();
        std::uint64_t seq = seqs ? (*seqs)[i] : 0;
        if (seq == 0) {
            if (!seqs) forget(batch.intents[i].intent);
            if (session)
                session->on_share_refused(
                    share.channel_id, share.sequence_number, batch.intents[i],
                    seqs ? wire::ShareRefusal::duplicate_share : wire::ShareRefusal::pool_storage_failed);
            continue;
        }
        const auto& [intent, worker, accepted_ms, mint, job, extranonce] = batch.intents[i];
        const double work_hashes = bitcoin::work_from_target(intent.target);
        events_.tell(records::ShareAccepted{.connection_id = session ? session->connection_id() : 0,
                                            .channel_id = share.channel_id,
                                            .worker = worker,
                                            .sequence_number = share.sequence_number,
                                            .seq = seq,
                                            .share_hash = {intent.share_hash},
                                            .amount = intent.amount,
                                            .work_hashes = work_hashes});
        if (session) {
            session->on_share_durable(share.channel_id, share.sequence_number, worker, share.difficulty,
                                      work_hashes);
            if (touched.empty() || touched.back() != session) touched.push_back(session);
        }
        ways_.quote(seq, intent,
                    {session, share.channel_id, share.sequence_number, accepted_ms, share.received_ms});
    }
    for (auto& session : touched) session->acknowledge();
}

void Pool::submit_block(const mining::Verdict& verdict, const sv2::mining::SubmitSharesExtended& share,
                        std::string_view worker) {
    if (!solution_quota_.take(verdict.job->template_id)) return;
    // The solution goes first, before any log line; then the block to the disk; then it is told.
    FoundBlock block{.hash = verdict.hash, .header = verdict.header};
    block.solution.template_id = verdict.job->template_id;
    block.solution.version = share.version;
    block.solution.header_timestamp = share.ntime;
    block.solution.header_nonce = share.nonce;
    block.solution.coinbase_tx.value =
        mining::block_coinbase(*verdict.job, verdict.extranonce_prefix.view(), share.extranonce.view());
    const auto tell = [this, hash = verdict.hash, template_id = verdict.job->template_id,
                       worker = std::string(worker)](const FoundBlocks::Kept& kept) {
        if (kept.why_not.empty())
            log::info("block found: {} by \"{}\", whole in {}", to_hex_reversed(hash), printable(worker, 80),
                      kept.file);
        else
            log::warn("block found: {} by \"{}\"; it is not whole on disk: {}", to_hex_reversed(hash),
                      printable(worker, 80), kept.why_not);
        records::BlockFound record{{hash}, template_id, worker, {}};
        if (!kept.file.empty()) record.file = kept.file;
        events_.tell(record);
    };
    HP_CRASH_POINT("P13");
    HP_CRASH_AFTER_WRITE("P14");
    ways_.submit_block(std::move(block), tell);
}

void Pool::on_block_verdict(const Bytes32& hash, const std::string& fate, const std::string& reason) {
    const std::string word = reason.empty() ? std::string() : " (" + printable(reason, 255) + ")";
    const bool is_in = fate == "accepted";
    log::log(is_in ? log::Level::info : log::Level::warn, "block {}: {}{}", to_hex_reversed(hash),
             printable(fate, 80), word);
    events_.tell(records::BlockVerdict{{hash}, is_in, fate, reason});
}

JobSetPtr Pool::renewed_this_tick(std::uint32_t id_in_use) {
    if (!tick_jobs_ || tick_jobs_ != work_.current() || tick_jobs_->job_id == id_in_use)
        tick_jobs_ = work_.renewed();
    return tick_jobs_;
}

void Pool::on_new_template(const sv2::templates::NewTemplate& message) {
    auto jobs = work_.on_template(message);
    if (!jobs)
        return alarm("template " + std::to_string(message.template_id) + " refused: " + jobs.error().what);
    work_came_ms_ = clock_.steady_ms();
    for (auto& [id, session] : sessions_) {
        if (jobs->is_future)
            session->send_future_job(*jobs->jobs);
        else
            session->send_job(*jobs->jobs);
    }
}

void Pool::on_new_prev_hash(const sv2::templates::SetNewPrevHash& message) {
    auto tip = work_.on_prev_hash(message);
    if (!tip) return alarm(tip.error().what);
    work_came_ms_ = clock_.steady_ms();
    events_.tell(records::TipChanged{{tip->tip->prev_hash}, tip->tip->nbits});
    for (auto& [id, session] : sessions_) session->send_tip(tip->tip, *tip->jobs);
    log::debug("tip {}", to_hex_reversed(tip->tip->prev_hash));
    if (!std::exchange(is_ready_, true) && on_ready) on_ready();
}

/// None of these is ever suppressed by alarms that strangers can cause.
void Pool::on_template_alarm(const std::string& what) {
    log::error("{}", what);
    events_.alarm(what);
}

void Pool::alarm(const std::string& what) {
    static log::Limited complain{log::Level::warn};
    complain("{}", what);
    events_.alarm(what);
}

}  // namespace hp::pool
