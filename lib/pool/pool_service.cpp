#include "pool/pool_service.hpp"

#include "base/crash_point.hpp"
#include "config/limits.hpp"
#include "crypto/random.hpp"
#include "log/log.hpp"
#include "pool/requeue_file.hpp"
#include "sv2/common.hpp"
#include "sv2/registry.hpp"

namespace hp::pool {
namespace {

constexpr std::int64_t kSecondMs = 1000;
/// Most dead letters that one request requeues: they pass through memory.
constexpr std::size_t kRequeueMax = 100'000;

/// Distinct, in the order of the configuration.
std::vector<std::string> names_of(const std::vector<AllowedMint>& mints) {
    std::vector<std::string> out;
    for (const auto& mint : mints)
        if (std::ranges::find(out, mint.name) == out.end()) out.push_back(mint.name);
    return out;
}

/// Those that new intents may go to.
Result<std::vector<std::string>> route_names(const std::vector<std::string>& mints, const std::string& only) {
    if (mints.empty()) return fail(Errc::usage, "allowed_mint_keys is empty: no mint may serve this pool");
    if (only.empty()) return mints;
    if (std::ranges::find(mints, only) == mints.end())
        return fail(Errc::usage, "route_to: '" + only + "' is not a mint in allowed_mint_keys");
    return std::vector{only};
}

Result<> check_worth(const ehash::Valuation& valuation, unsigned easiest_target_bits) {
    if (valuation.rule != ehash::Valuation::Rule::target || easiest_target_bits >= valuation.unit_bits)
        return {};
    return fail(Errc::usage, "easiest_target_bits (" + std::to_string(easiest_target_bits) +
                                 ") is below unit_bits (" + std::to_string(valuation.unit_bits) +
                                 "): a share could be worth nothing");
}

/// The crash build repeats the prefixes of earlier runs: otherwise a share could not be sent again to the
/// restarted pool.
std::uint16_t extranonce_epoch() {
#ifdef HP_CRASH_POINTS
    return 0;
#else
    return get_le<std::uint16_t>(crypto::random_array<2>().data());
#endif
}

}  // namespace

PoolService::PoolService(net::Loop& loop, ServiceOptions options)
    : loop_{loop},
      options_{std::move(options)},
      log_watch_{options_.outbox_path, options_.wal_alarm_bytes},
      clock_{loop, "shares are checked against it: see invalid-share; 'timedatectl' shows and sets it",
             [this](const std::string& what) { events_.alarm(what); }},
      second_{loop},
      stop_poll_{loop},
      archives_{[&loop](std::function<void()> call) { loop.post(std::move(call)); }} {
    options_.terms.vardiff.easiest_target = bitcoin::target_from_work_bits(options_.easiest_target_bits);
    options_.terms.version_rolling_allowed = options_.work.version_rolling_allowed;
}

PoolService::~PoolService() {
    if (pool_) pool_->close_all();
}

Result<std::unique_ptr<PoolService>> PoolService::start(net::Loop& loop, ServiceOptions options) {
    HP_DO(check_worth(options.terms.valuation, options.easiest_target_bits));
    const auto mints = names_of(options.link.allowed_mints);
    HP_TRY(const auto routes, route_names(mints, options.route_to));
    std::unique_ptr<PoolService> service{new PoolService(loop, std::move(options))};
    auto& s = *service;
    s.events_.to(s.options_.events);
    HP_DO(s.open_outbox(mints));
    s.hub_ = std::make_unique<Hub>(loop, *s.outbox_, s, mints);
    Pool::Options core{.terms = s.options_.terms,
                       .work = s.options_.work,
                       .server_id = s.options_.server_id,
                       .extranonce_epoch = extranonce_epoch(),
                       .routes = {},
                       .sources_exempt = net::sources_exempt(loop),
                       .channels_of_all = s.options_.channels_of_all};
    for (const auto& name : routes) core.routes.push_back({name, *s.hub_->find_mint(name)});
    s.pool_ = std::make_unique<Pool>(loop, s.ways(), s.events_, std::move(core));
    s.pool_->on_ready = [&s] {
        if (s.on_ready) s.on_ready();
    };
    // No share is checked before the duplicate check knows what was accepted before (P15).
    for (const auto& [prev_hash, share_hash] : s.outbox_->recent_at_open()) {
        s.pool_->remember(prev_hash, share_hash);
        HP_CRASH_POINT("P15");
    }
    HP_DO(s.listen());
    s.second_.every(kSecondMs, [&s] {
        s.pool_->each_second();
        s.send_status();
        s.look_for_request();
        s.look_for_archive();
    });
    log::info("mining on {}, link on {}, outbox {}", s.mining_bound().text(), s.link_bound().text(),
              s.options_.outbox_path);
    for (const MintStatus& mint : s.hub_->statuses())
        log::info("mint '{}': {} pending, {} dead", mint.name, mint.pending, mint.dead);
    return service;
}

Result<> PoolService::open_outbox(const std::vector<std::string>& mints) {
    HP_TRY(outbox_, Outbox::open(
                        options_.outbox_path, mints,
                        [this](std::function<void()> call) { loop_.post(std::move(call)); }, unix_ms_now()));
    if (!options_.keep_refused.empty()) refused_file_ = std::make_unique<RefusedFile>(options_.keep_refused);
    return {};
}

Pool::Ways PoolService::ways() {
    return {.post = [this](std::function<void()> call) { loop_.post(std::move(call)); },
            .store = [this](auto intents, auto done) { store(std::move(intents), std::move(done)); },
            .quote = [this](std::uint64_t seq, const ehash::Intent& intent,
                            Hub::Owner owner) { hub_->committed(seq, intent, std::move(owner)); },
            .submit_block = [this](auto block,
                                   auto told) { templates_->submit(std::move(block), std::move(told)); },
            .keep_refused =
                [this](mining::RefusedShare share) {
                    if (refused_file_) refused_file_->add(std::move(share));
                }};
}

void PoolService::store(std::shared_ptr<const std::vector<NewIntent>> intents,
                        std::function<void(ShareQueue::Seqs)> done) {
    outbox_->add(std::move(intents), [this, done = std::move(done)](ShareQueue::Seqs seqs) {
        std::optional<Error> fatal;
        if (!seqs && outbox_->is_dead()) fatal = seqs.error();
        done(std::move(seqs));
        if (fatal && on_fatal) std::exchange(on_fatal, nullptr)(*fatal);
    });
}

Result<> PoolService::listen() {
    HP_TRY(link_, LinkServer::listen(loop_, options_.link, *outbox_, *hub_, *this));
    net::FrameLimits limits;
    limits.strangers_max = config::kMiningPort.strangers;
    limits.strangers_per_address_max = config::kMiningPort.strangers_per_address;
    limits.connections_max = config::kMiningPort.connections;
    limits.payload_limit = sv2::payload_limit_of_one<sv2::common::SetupConnection>;
    HP_TRY(mining_listener_, net::FrameListener::listen(
                                 loop_, options_.mining_listen, limits, options_.mining_identity,
                                 [this](auto connection) { pool_->add_connection(std::move(connection)); }));
    mining_listener_->tell_other_protocols([this](const std::string& peer, std::string_view what) {
        const std::string why = "speaks " + std::string(what) + "; this port speaks SV2";
        events_.tell(records::SetupRefused{0, peer, {why}});
    });
    templates_ = std::make_unique<TemplateClient>(loop_, options_.templates, *pool_);
    return templates_->start();
}

void PoolService::send_status() {
    std::uint64_t pending = 0, dead = 0;
    bool all_connected = true;
    for (const MintStatus& mint : hub_->statuses()) {
        pending += mint.pending;
        dead += mint.dead;
        all_connected = all_connected && (mint.is_connected || !mint.is_configured);
        events_.mint_status(mint);
    }
    const auto log = outbox_->log_state();
    if (auto what = log_watch_.look(log); !what.empty()) on_alarm(what);
    const auto counts = pool_->counts();
    events_.status({.connections = counts.connections,
                    .channels = counts.channels,
                    .channels_busiest = counts.channels_busiest,
                    .channels_max = options_.terms.channels_max,
                    .channels_unproven = counts.channels_unproven,
                    .channel_limits = options_.channels_of_all,
                    .outbox_pending = pending,
                    .outbox_dead = dead,
                    .mint_connected = all_connected,
                    .outbox_log = log,
                    .messages_ignored = counts.refusals.messages_ignored,
                    .mining_port = mining_listener_->counters(),
                    .refusals = counts.refusals,
                    .clock_off_ms = clock_.off_ms(),
                    .clock_behind_tip_s = counts.clock_behind_tip_s,
                    .cut_for_memory = net::protection_counters(loop_).cut_for_memory,
                    .refused_not_kept = refused_file_ ? refused_file_->left_out() : 0,
                    .has_template_provider = templates_->is_connected(),
                    .template_provider_since_ms = templates_->since_ms(),
                    .has_template = counts.has_work,
                    .template_age_ms = counts.work_age_ms});
    status_line_.set(
        (counts.refuses_every_time ? "clock behind the chain, shares are refused; " : clock_.status_text()) +
        (counts.has_work
             ? fmt::format("{} connections, {} channels; {} quotes pending, {} dead; mints {}",
                           counts.connections, counts.channels, pending, dead, all_connected ? "up" : "away")
             : "waiting for work from " + options_.templates.address.text()));
    hub_->refresh_oldest();
}

void PoolService::look_for_request() {
    if (is_requeueing_) return;
    auto request = find_request(options_.outbox_path);
    if (!request) return on_alarm(request.error().what);
    if (!*request) return;
    is_requeueing_ = true;
    outbox_->requeue((*request)->seqs, kRequeueMax, (*request)->by, unix_ms_now(),
                     [this, by = (*request)->by,
                      is_all = (*request)->seqs.empty()](Result<std::vector<StoredIntent>> rows) {
                         is_requeueing_ = false;
                         if (!rows) return on_alarm("cannot requeue dead letters: " + rows.error().what);
                         const bool may_have_more = is_all && rows->size() == kRequeueMax;
                         if (may_have_more)
                             look_for_request();
                         else if (auto removed = remove_request(options_.outbox_path); !removed)
                             on_alarm(removed.error().what);
                         log::info("{} dead letters requeued by {}", rows->size(), printable(by));
                         for (const StoredIntent& row : *rows) events_.tell(records::QuoteRequeued{row.seq});
                         hub_->requeued(*rows);
                     });
}

void PoolService::look_for_archive() {
    if (is_archiving_) return;
    auto request = find_archive_request(options_.outbox_path, outbox_->store_id());
    if (!request) return on_alarm(request.error().what);
    if (!*request) return;
    is_archiving_ = true;
    log::info("deleting the rows that are in archive '{}', for {}", (*request)->file,
              printable((*request)->by));
    drop_archived(std::make_shared<const ArchiveRequest>(**request),
                  std::make_shared<ArchiveSlices>((*request)->file, outbox_->store_id(), (*request)->parts));
}

/// A slice at a time, read on a thread of its own, each deleted in a group of its own or of others. What
/// fails leaves the request, which is tried again at the next start.
void PoolService::drop_archived(std::shared_ptr<const ArchiveRequest> request,
                                std::shared_ptr<ArchiveSlices> slices) {
    // Small, so that no share waits long for its group.
    constexpr std::size_t kRowsAtOnce = 256;
    archives_.run([this, request, slices] {
        auto next = std::make_shared<Result<std::optional<ArchiveSlice>>>(slices->next(kRowsAtOnce));
        return [this, request, slices, next] {
            if (stopped_) return;
            if (!*next) return on_alarm("cannot delete archived rows: " + next->error().what);
            if (!**next) return drop_archived_jobs(request);
            outbox_->drop_archived(std::make_shared<const ArchiveSlice>(***next),
                                   [this, request, slices](Result<> done) {
                                       if (stopped_) return;
                                       if (done) return drop_archived(request, slices);
                                       on_alarm("cannot delete archived rows: " + done.error().what);
                                   });
        };
    });
}

void PoolService::drop_archived_jobs(std::shared_ptr<const ArchiveRequest> request) {
    outbox_->drop_archived_jobs([this, request](Result<bool> is_more) {
        if (!is_more) return on_alarm("cannot delete archived jobs: " + is_more.error().what);
        if (*is_more) return drop_archived_jobs(request);
        outbox_->note_archived(*request, unix_ms_now(), [this, request](Result<> noted) {
            is_archiving_ = false;
            if (!noted) return on_alarm(noted.error().what);
            if (auto removed = remove_archive_request(options_.outbox_path); !removed)
                return on_alarm(removed.error().what);
            log::info("the rows in archive '{}' are deleted", request->file);
        });
    });
}

void PoolService::stop(std::function<void()> stopped) {
    if (stopped_) return;
    stopped_ = std::move(stopped);
    second_.cancel();
    mining_listener_->stop();
    pool_->stop();
    // Waits for the running group commit, so that its shares are still acknowledged and their quotes sent.
    stop_poll_.every(20, [this] {
        if (!pool_->is_idle()) return;
        if (!std::exchange(is_closed_, true)) {
            pool_->close_all();
            link_->stop();
            outbox_->drain();
            return;  // The last acknowledgements and quotes leave until the next time.
        }
        stop_poll_.cancel();
        stopped_();
    });
}

void PoolService::on_quote_created(const StoredIntent& row, const std::string& quote_id, bool replay,
                                   std::optional<SteadyMs> received_ms) {
    records::QuoteCreated record{row.seq, quote_id,    row.intent.amount, {row.intent.share_hash},
                                 replay,  std::nullopt};
    // Unknown after a restart: the share came in before this process started.
    if (received_ms) record.latency_ms = steady_ms_now() - *received_ms;
    events_.tell(record);
}

void PoolService::on_quote_dead(const StoredIntent& row, std::uint16_t code, const std::string& reason) {
    static log::Limited complain{log::Level::error};
    complain("quote for outbox row {} refused by the mint: {}", row.seq, reason);
    events_.tell(records::QuoteDead{row.seq, {code}, reason});
}

}  // namespace hp::pool
