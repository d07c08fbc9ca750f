#include "pool/pool.hpp"

#include "base/crash_point.hpp"
#include "config/limits.hpp"
#include "crypto/random.hpp"
#include "ehash/route.hpp"
#include "log/log.hpp"
#include "mining/job.hpp"
#include "pool/requeue_file.hpp"
#include "sv2/common.hpp"
#include "sv2/registry.hpp"

namespace hp::pool {
namespace {

constexpr std::int64_t kTickMs = 1000;
/// Shares that wait for the disk; beyond it new ones are refused, so that memory stays bounded.
constexpr std::size_t kWaitingMax = 100'000;
constexpr std::size_t kGroupMax = 4096;
/// A busy loop's group is committed when it is full or this old; an idle loop's at once. Every commit writes
/// the index pages of the current second again, so at full load a few milliseconds more save many writes.
constexpr SteadyMs kGroupWaitMs = 4;
/// Turns of the loop without a new share that make it idle: in the first the sockets that are ready by now
/// may still stand behind us in the loop's queue.
constexpr int kQuietTurns = 2;
/// Dead letters that one request brings back, at most: they pass through memory.
constexpr std::size_t kRequeueMax = 100'000;

/// Each once, in the order of the configuration.
std::vector<std::string> names_of(const std::vector<AllowedMint>& mints) {
    std::vector<std::string> out;
    for (const auto& mint : mints)
        if (std::ranges::find(out, mint.name) == out.end()) out.push_back(mint.name);
    return out;
}

/// Tells this run's extranonce prefixes from those of earlier ones. The crash build repeats them: only so can
/// a share be sent a second time to the pool's next life.
std::uint16_t extranonce_epoch() {
#ifdef HP_CRASH_POINTS
    return 0;
#else
    return get_le<std::uint16_t>(crypto::random_array<2>().data());
#endif
}

}  // namespace

Pool::Pool(net::Loop& loop, PoolOptions options)
    : loop_{loop},
      options_{std::move(options)},
      events_{"hp-pool"},
      log_watch_{options_.outbox_path, options_.wal_alarm_bytes},
      clock_{loop, "shares are judged by it: see invalid-share; 'timedatectl' shows and sets it",
             [this](const std::string& what) { events_.alarm(what); }},
      work_{options_.work},
      extranonces_{options_.server_id, extranonce_epoch()},
      sources_{net::sources_exempt(loop)},
      gifts_{{.invalid_max = options_.invalid_shares_max, .channels_max = options_.channels_max}},
      places_{options_.channels_of_all},
      tick_{loop},
      stop_poll_{loop} {
    vardiff_rules_.shares_per_minute = options_.shares_per_minute;
    vardiff_rules_.easiest_target = bitcoin::target_from_work_bits(options_.easiest_target_bits);
    vardiff_rules_.period_ms = options_.retarget_ms;
}

Result<std::unique_ptr<Pool>> Pool::start(net::Loop& loop, PoolOptions options) {
    std::unique_ptr<Pool> pool{new Pool(loop, std::move(options))};
    auto& p = *pool;
    if (p.options_.valuation.rule == ehash::Valuation::Rule::target &&
        p.options_.easiest_target_bits < p.options_.valuation.unit_bits)
        return fail(Errc::usage, "easiest_target_bits (" + std::to_string(p.options_.easiest_target_bits) +
                                     ") is below unit_bits (" +
                                     std::to_string(p.options_.valuation.unit_bits) +
                                     "): a share could be worth nothing");
    const auto names = names_of(p.options_.link.allowed_mints);
    if (names.empty()) return fail(Errc::usage, "allowed_mint_keys: no mint may serve this pool");
    p.routes_ = names;
    if (const auto& only = p.options_.route_to; !only.empty()) {
        if (std::ranges::find(names, only) == names.end())
            return fail(Errc::usage, "route_to: '" + only + "' is no mint of allowed_mint_keys");
        p.routes_ = {only};
    }
    HP_TRY(p.sink_, net::EventSink::open(loop, p.options_.events, "hp-pool"));
    p.events_.to(p.sink_.get());
    HP_TRY(p.outbox_,
           Outbox::open(
               p.options_.outbox_path, names,
               [&loop](std::function<void()> call) { loop.post(std::move(call)); }, unix_ms_now()));
    // No share is judged before the duplicate check knows what was accepted before (P15).
    for (const auto& [prev_hash, share_hash] : p.outbox_->recent_at_open()) {
        p.seen_.insert(prev_hash, share_hash);
        HP_CRASH_POINT("P15");
    }
    if (!p.options_.keep_refused.empty())
        p.refused_file_ = std::make_unique<RefusedFile>(p.options_.keep_refused);
    p.hub_ = std::make_unique<Hub>(loop, *p.outbox_, p, names);
    HP_TRY(p.link_, LinkServer::listen(loop, p.options_.link, *p.outbox_, *p.hub_, p));
    net::FrameLimits limits;
    limits.strangers_max = config::kMiningPort.strangers;
    limits.strangers_per_address_max = config::kMiningPort.strangers_per_address;
    limits.connections_max = config::kMiningPort.connections;
    limits.payload_limit = sv2::payload_limit_of_one<sv2::common::SetupConnection>;
    HP_TRY(p.mining_listener_,
           net::FrameListener::listen(loop, p.options_.mining_listen, limits, p.options_.mining_identity,
                                      [raw = pool.get()](std::shared_ptr<net::FrameConnection> connection) {
                                          auto id = raw->next_connection_id_++;
                                          auto session = std::make_shared<MinerSession>(*raw, connection, id);
                                          raw->sessions_.emplace(id, session);
                                          raw->events_.connection_opened(id, connection->peer());
                                          connection->set_handler(session);
                                      }));
    p.mining_listener_->tell_other_protocols(
        [raw = pool.get()](const std::string& peer, std::string_view what) {
            raw->events_.setup_refused(0, peer, "speaks " + std::string(what) + "; this port speaks SV2");
        });
    p.templates_ = std::make_unique<TemplateClient>(loop, p.options_.templates, p);
    HP_DO(p.templates_->start());
    p.tick_.every(kTickMs, [raw = pool.get()] {
        auto now = steady_ms_now();
        raw->tick_jobs_.reset();
        std::size_t channels = 0;
        for (const auto& [id, session] : raw->sessions_) channels += session->channel_count();
        // Some 200 records a second at most.
        const auto period_ms = std::clamp<SteadyMs>(static_cast<SteadyMs>(channels) * 5, 5'000, 60'000);
        for (auto& [id, session] : raw->sessions_) session->tick(now, period_ms);
        raw->compare_clocks();
        raw->tell_status();
        raw->look_for_request();
    });
    log::info("mining on {}, link on {}, outbox {}", p.mining_bound().text(), p.link_bound().text(),
              p.options_.outbox_path);
    for (const MintStatus& mint : p.hub_->statuses())
        log::info("mint '{}': {} pending, {} dead", mint.name, mint.pending, mint.dead);
    return pool;
}

MintId Pool::route(const crypto::PublicKey33& locking_key) const {
    const std::size_t chosen = routes_.size() == 1 ? 0 : ehash::route_by_key(routes_, locking_key);
    return *hub_->find_mint(routes_[chosen]);
}

/// A clock that was wrong from the beginning steps nowhere, but the chain knows better.
void Pool::compare_clocks() {
    if (!work_.tip()) return;
    const auto behind_s = std::int64_t{work_.tip()->min_ntime} - unix_ms_now() / 1000;
    const bool is_hopeless = behind_s > std::int64_t{mining::kNtimeAheadMax};
    behind_tip_s_ = std::max<std::int64_t>(behind_s, 0);
    if (std::exchange(refuses_every_time_, is_hopeless) == is_hopeless) return;
    if (!is_hopeless)
        return log::info("the system clock is no longer behind the chain: shares are taken again");
    const std::string what = fmt::format(
        "the system clock is {} s behind the chain's tip: every share is refused (invalid-share) until it is "
        "right",
        behind_s);
    log::error("{}", what);
    events_.alarm(what);
}

void Pool::tell_status() {
    std::uint64_t channels = 0, busiest = 0, pending = 0, dead = 0;
    for (auto& [id, session] : sessions_) {
        channels += session->channel_count();
        busiest = std::max<std::uint64_t>(busiest, session->channel_count());
    }
    bool all_connected = true;
    for (const MintStatus& mint : hub_->statuses()) {
        pending += mint.pending;
        dead += mint.dead;
        all_connected = all_connected && (mint.is_connected || !mint.is_configured);
        events_.mint_status(mint);
    }
    const auto log = outbox_->log_state();
    if (auto what = log_watch_.look(log); !what.empty()) on_alarm(what);
    events_.status({.connections = sessions_.size(),
                    .channels = channels,
                    .channels_busiest = busiest,
                    .channels_max = options_.channels_max,
                    .channels_unproven = places_.unproven(),
                    .channel_limits = places_.limits(),
                    .outbox_pending = pending,
                    .outbox_dead = dead,
                    .mint_connected = all_connected,
                    .outbox_log = log,
                    .messages_ignored = messages_ignored_,
                    .mining_port = mining_listener_->counters(),
                    .refusals = refusals_,
                    .clock_off_ms = clock_.off_ms(),
                    .clock_behind_tip_s = behind_tip_s_,
                    .cut_for_memory = net::protection_counters(loop_).cut_for_memory,
                    .refused_not_kept = refused_file_ ? refused_file_->left_out() : 0,
                    .has_template_provider = templates_->is_connected(),
                    .template_provider_since_ms = templates_->since_ms(),
                    .has_template = is_ready_,
                    .template_age_ms = is_ready_ ? steady_ms_now() - work_came_ms_ : 0});
    const bool is_alone = is_ready_ && !templates_->is_connected();
    status_line_.set(
        (refuses_every_time_ ? "clock behind the chain, shares are refused; " : clock_.status_text()) +
        (is_alone ? "template provider away, work gets old; " : "") +
        (is_ready_ ? fmt::format("{} connections, {} channels; {} quotes pending, {} dead; mints {}",
                                 sessions_.size(), channels, pending, dead, all_connected ? "up" : "away")
                   : "waiting for work from " + options_.templates.address.text()));
    hub_->refresh_oldest();
}

void Pool::look_for_request() {
    if (is_requeueing_) return;
    auto request = find_request(options_.outbox_path);
    if (!request) return on_alarm(request.error().what);
    if (!*request) return;
    is_requeueing_ = true;
    outbox_->requeue((*request)->seqs, kRequeueMax, (*request)->by, unix_ms_now(),
                     [this, by = (*request)->by,
                      is_all = (*request)->seqs.empty()](Result<std::vector<StoredIntent>> rows) {
                         is_requeueing_ = false;
                         if (!rows) return on_alarm("dead letters stay: " + rows.error().what);
                         const bool may_have_more = is_all && rows->size() == kRequeueMax;
                         if (may_have_more)
                             look_for_request();
                         else if (auto removed = remove_request(options_.outbox_path); !removed)
                             on_alarm(removed.error().what);
                         log::info("{} dead letters try again, asked by {}", rows->size(), printable(by));
                         for (const StoredIntent& row : *rows) events_.quote_requeued(row.seq);
                         hub_->requeued(*rows);
                     });
}

Pool::~Pool() {
    auto sessions = sessions_;
    for (auto& [id, session] : sessions) session->close("stopping", log::Level::debug);
}

void Pool::stop(std::function<void()> stopped) {
    if (stopped_) return;
    stopped_ = std::move(stopped);
    tick_.cancel();
    mining_listener_->stop();
    // Waits for the group commit under way, so that its shares are still acknowledged and their quotes leave.
    stop_poll_.every(20, [this] {
        if (committing_ || !waiting_.shares.empty()) return;
        stop_poll_.cancel();
        auto sessions = sessions_;
        for (auto& [id, session] : sessions) session->close("stopping", log::Level::debug);
        link_->stop();
        outbox_->drain();
        sink_->flush(500);
        stopped_();
    });
}

void Pool::gone(MinerSession& session) {
    places_.leave(session.connection_id());
    sessions_.erase(session.connection_id());
}

bool Pool::make_room(const MinerSession& session) {
    const auto answer = places_.open(session.connection_id(), session.source());
    if (!answer.gone) return answer.is_in;
    if (const auto it = sessions_.find(*answer.gone); it != sessions_.end()) {
        ++refusals_.connections_closed_for_room;
        const auto goes = it->second;
        goes->close("its channels have brought too few shares, and others need their room");
    }
    return answer.is_in;
}

bool Pool::enqueue(PendingShare share, NewIntent intent) {
    if (waiting_.shares.size() >= kWaitingMax || stopped_) {
        forget(intent.intent);
        return false;
    }
    if (waiting_.shares.empty()) waiting_since_ms_ = steady_ms_now();
    waiting_.shares.push_back(std::move(share));
    waiting_.intents.push_back(std::move(intent));
    commit_soon();
    return true;
}

/// What was not stored was not accepted: the miner's next try is no duplicate.
void Pool::forget(const ehash::Intent& intent) {
    seen_.forget(to_array<32>(ByteView{intent.header}.subspan(4, 32)), intent.share_hash);
}

void Pool::commit_soon() {
    if (committing_ || commit_posted_ || waiting_.shares.empty()) return;
    commit_posted_ = true;
    wait_for_group(0, kQuietTurns);
}

void Pool::wait_for_group(std::size_t size_before, int quiet_turns_left) {
    loop_.post([this, size_before, quiet_turns_left] {
        const std::size_t size = waiting_.shares.size();
        const int left = size == size_before ? quiet_turns_left - 1 : kQuietTurns;
        if (left > 0 && size < kGroupMax && steady_ms_now() - waiting_since_ms_ < kGroupWaitMs)
            return wait_for_group(size, left);
        commit_posted_ = false;
        commit();
    });
}

void Pool::commit() {
    committing_ = true;
    auto batch = std::make_shared<Batch>();
    if (waiting_.shares.size() <= kGroupMax) {
        std::swap(*batch, waiting_);
        waiting_.shares.reserve(batch->shares.size());
        waiting_.intents.reserve(batch->shares.size());
    } else {
        const auto take = [](auto& from, auto& to) {
            const auto end = from.begin() + kGroupMax;
            to.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
            from.erase(from.begin(), end);
        };
        take(waiting_.shares, batch->shares);
        take(waiting_.intents, batch->intents);
    }
    std::shared_ptr<const std::vector<NewIntent>> intents{batch, &batch->intents};
    outbox_->add(std::move(intents), [this, batch](Result<std::vector<std::uint64_t>> seqs) {
        committing_ = false;
        on_committed(*batch, std::move(seqs));
        commit_soon();
    });
}

void Pool::on_committed(const Batch& batch, Result<std::vector<std::uint64_t>> seqs) {
    if (!seqs) {
        if (!std::exchange(commit_failing_, true)) {
            // Once for each outage, and never lost among other alarms of the same second.
            std::string what =
                "outbox: " + seqs.error().what + "; shares are refused until it can be written";
            log::error("{}", what);
            events_.alarm(what);
        }
        if (outbox_->is_dead() && on_fatal) std::exchange(on_fatal, nullptr)(seqs.error());
    } else if (std::exchange(commit_failing_, false)) {
        log::info("outbox: can be written again");
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
        const auto& [intent, worker, accepted_ms, mint] = batch.intents[i];
        const double work_hashes = bitcoin::work_from_target(intent.target);
        events_.share_accepted(
            {session ? session->connection_id() : 0, share.channel_id, share.sequence_number, worker}, seq,
            intent.share_hash, intent.amount, work_hashes);
        if (session) {
            session->on_share_durable(share.channel_id, share.sequence_number, share.difficulty, work_hashes);
            if (touched.empty() || touched.back() != session) touched.push_back(session);
        }
        hub_->committed(seq, intent,
                        {session, share.channel_id, share.sequence_number, accepted_ms, share.received_ms});
    }
    for (auto& session : touched) session->acknowledge();
}

void Pool::submit_block(const mining::Verdict& verdict, const sv2::mining::SubmitSharesExtended& share,
                        std::string_view worker) {
    if (!solution_quota_.take(verdict.job->template_id)) return;
    // Nothing comes before the solution: a log line waits for its reader.
    sv2::templates::SubmitSolution solution;
    solution.template_id = verdict.job->template_id;
    solution.version = share.version;
    solution.header_timestamp = share.ntime;
    solution.header_nonce = share.nonce;
    solution.coinbase_tx.value =
        mining::block_coinbase(*verdict.job, verdict.extranonce_prefix.view(), share.extranonce.view());
    HP_CRASH_POINT("P13");
    HP_CRASH_AFTER_WRITE("P14");
    templates_->submit(solution);
    log::info("block found: {} by \"{}\"", to_hex_reversed(verdict.hash), printable(worker, 80));
    events_.block_found(verdict.hash, verdict.job->template_id, worker);
}

JobSetPtr Pool::renewed_this_tick(std::uint32_t id_in_use) {
    if (!tick_jobs_ || tick_jobs_ != work_.current() || tick_jobs_->job_id == id_in_use)
        tick_jobs_ = work_.renewed();
    return tick_jobs_;
}

void Pool::on_new_template(const sv2::templates::NewTemplate& message) {
    auto jobs = work_.on_template(message);
    if (!jobs)
        return on_alarm("template " + std::to_string(message.template_id) + " refused: " + jobs.error().what);
    work_came_ms_ = steady_ms_now();
    for (auto& [id, session] : sessions_) {
        if (jobs->is_future)
            session->send_future_job(*jobs->jobs);
        else
            session->send_job(*jobs->jobs);
    }
}

void Pool::on_new_prev_hash(const sv2::templates::SetNewPrevHash& message) {
    auto tip = work_.on_prev_hash(message);
    if (!tip) return on_alarm(tip.error().what);
    work_came_ms_ = steady_ms_now();
    events_.tip_changed(tip->tip->prev_hash, tip->tip->nbits);
    for (auto& [id, session] : sessions_) session->send_tip(tip->tip, *tip->jobs);
    log::debug("tip {}", to_hex_reversed(tip->tip->prev_hash));
    if (!std::exchange(is_ready_, true) && on_ready) on_ready();
}

/// None of these is ever lost among the alarms that strangers can cause.
void Pool::on_template_alarm(const std::string& what) {
    log::error("{}", what);
    events_.alarm(what);
}

void Pool::on_quote_created(const StoredIntent& row, const std::string& quote_id, bool replay,
                            std::optional<SteadyMs> received_ms) {
    events_.quote_created(row.seq, quote_id, row.intent.amount, row.intent.share_hash, replay,
                          received_ms ? steady_ms_now() - *received_ms : -1);
}

void Pool::on_quote_dead(const StoredIntent& row, std::uint16_t code, const std::string& reason) {
    static log::Limited complain{log::Level::error};
    complain("quote for outbox row {} refused by the mint: {}", row.seq, reason);
    events_.quote_dead(row.seq, code, reason);
}

void Pool::on_alarm(const std::string& what) {
    // Strangers at the link's port can cause these.
    static log::Limited complain{log::Level::warn};
    complain("{}", what);
    events_.alarm(what);
}

}  // namespace hp::pool
