#include "pool/miner_session.hpp"

#include "ehash/owner.hpp"
#include "log/log.hpp"
#include "sv2/dispatch.hpp"
#include "sv2/ehash.hpp"
#include "sv2/registry.hpp"
#include "sv2/setup.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::pool {
namespace {

namespace msg = sv2::mining;

constexpr std::uint8_t kMiningProtocol = 0;
constexpr std::int64_t kSetupLimitMs = 10'000;

// SetupConnection.flags of the mining protocol. Work selection is accepted as an announcement:
// SetCustomMiningJob is refused, and the client gets the pool's own jobs.
constexpr std::uint32_t kRequiresStandardJobs = 1u << 0;
constexpr std::uint32_t kRequiresWorkSelection = 1u << 1;
constexpr std::uint32_t kRequiresVersionRolling = 1u << 2;
// SetupConnection.Success.flags.
constexpr std::uint32_t kRequiresFixedVersion = 1u << 0;

namespace refusal = wire::channel_refusal;

bool is_usable_hash_rate(float hash_rate) { return hash_rate >= 0 && hash_rate < 1e30f; }  // false for NaN

}  // namespace

MinerSession::MinerSession(const PoolServices& pool, std::shared_ptr<net::FrameConnection> connection,
                           std::uint64_t connection_id)
    : pool_{&pool},
      connection_{std::move(connection)},
      connection_id_{connection_id},
      limit_{pool.clock},
      strays_{pool.clock.steady_ms()},
      told_strays_{kKeptAtOnce, kKeptPerSecond, pool.clock.steady_ms()},
      source_{pool.sources.of(connection_->peer(), connection_id)},
      allowance_{pool.gifts.allowance(source_, pool.clock.steady_ms())},
      catch_up_{pool.clock} {
    limit_.after(kSetupLimitMs, [this] { close("no SetupConnection within 10 s"); });
}

void MinerSession::on_frame(ByteView bytes) {
    if (!pool_) return;
    auto result = [&]() -> Result<> {
        HP_TRY(auto frame, sv2::split_frame(bytes));
        return handle(frame);
    }();
    if (!result) close(result.error().what);
}

void MinerSession::on_close(const Error& reason) {
    if (!pool_) return;
    auto* pool = std::exchange(pool_, nullptr);
    limit_.cancel();
    catch_up_.cancel();
    pool->events.tell(records::ConnectionClosed{connection_id_, reason.what});
    for (const auto& [id, state] : channels_)
        pool->events.tell(records::ChannelClosed{connection_id_, id, std::nullopt});
    channels_.clear();
    pool->gone(connection_id_);
    // The connection holds its handler until it has flushed: without this the two would keep each other
    // alive.
    connection_.reset();
}

void MinerSession::close(const std::string& why, log::Level level) {
    if (!pool_) return;
    auto self = shared_from_this();
    static log::Limited complain{log::Level::warn};
    if (level == log::Level::warn)
        complain.about(connection_->peer(), "miner {}: closed: {}", connection_->peer(), printable(why, 200));
    else
        log::log(level, "miner {}: closed: {}", connection_->peer(), printable(why, 200));
    connection_->close(why);
    on_close({Errc::protocol, why});
}

Result<> MinerSession::handle(const sv2::FrameView& frame) {
    // Shares first: other messages are rare. A message of a list that is not here never reaches its on().
    using Heard = boost::mp11::mp_append<msg::Messages, sv2::common::Messages, sv2::extensions::Messages>;
    if (!is_set_up_) {
        HP_TRY(const auto setup, sv2::expect<sv2::common::SetupConnection>(frame));
        return on_setup(setup);
    }
    HP_TRY(const bool taken,
           sv2::dispatch<Heard>(
               frame,
               [this]<class M>(const sv2::Decoded<M>& message) -> Result<> requires requires(MinerSession &
                                                                                             session) {
                   session.on(message);
               } { return on(message); }));
    return taken ? Result<>{} : on_strange(frame);
}

Result<> MinerSession::on(const sv2::Decoded<sv2::common::SetupConnection>&) {
    return fail(Errc::protocol, "SetupConnection twice");
}

Result<> MinerSession::on(const sv2::Decoded<msg::SetCustomMiningJob>& job) {
    send(msg::SetCustomMiningJobError{job.message.channel_id, job.message.request_id, {"jd-not-supported"}});
    return {};
}

/// Unknown messages are ignored. A known message that is never sent to a server comes from a client that
/// takes us for something else: closing tells it so.
Result<> MinerSession::on_strange(const sv2::FrameView& frame) {
    const auto [extension_type, channel_msg, msg_type, size] = frame.header;
    if (sv2::is_spoken<sv2::Family::mining, sv2::Family::ehash>(extension_type, msg_type))
        return fail(Errc::protocol, "unexpected message " + sv2::message_name(extension_type, msg_type));
    ++pool_->refusals.messages_ignored;
    log::debug("miner {}: ignored message {}", connection_->peer(),
               sv2::message_name(extension_type, msg_type));
    return {};
}

Result<> MinerSession::on_setup(const sv2::common::SetupConnection& setup) {
    bool rolling = pool_->terms.version_rolling_allowed;
    const auto supported =
        kRequiresStandardJobs | kRequiresWorkSelection | (rolling ? kRequiresVersionRolling : 0);
    if (auto error = sv2::check_setup(setup, kMiningProtocol, supported)) {
        send(*error);
        pool_->events.tell(
            records::SetupRefused{connection_id_, connection_->peer(), {error->error_code.value}});
        return fail(Errc::refused, "SetupConnection refused: " + error->error_code.value);
    }
    send(sv2::common::SetupConnectionSuccess{sv2::kVersion, rolling ? 0 : kRequiresFixedVersion});
    is_set_up_ = true;
    takes_group_jobs_ = (setup.flags & kRequiresStandardJobs) == 0;
    connection_->limit_payloads(sv2::payload_limit_of<sv2::Family::mining, sv2::Family::ehash>);
    program_ = setup.vendor.value;
    if (!setup.firmware.value.empty()) program_ += " " + setup.firmware.value;
    limit_.cancel();
    if (const auto idle_ms = pool_->terms.idle_channel_ms; idle_ms > 0)
        limit_.after(idle_ms, [this, idle_ms] {
            close("no channel within " + std::to_string(idle_ms / 1000) + " s (idle_channel_s)");
        });
    log::debug("miner {}: connected, vendor \"{}\"", connection_->peer(), printable(setup.vendor.value, 40));
    return {};
}

Result<> MinerSession::on(const sv2::Decoded<sv2::extensions::RequestExtensions>& decoded) {
    const auto& request = decoded.message;
    HP_DO(sv2::check_extension_request(request, ++extension_requests_));
    sv2::extensions::RequestExtensionsSuccess success;
    sv2::extensions::RequestExtensionsError error;
    success.request_id = error.request_id = request.request_id;
    for (auto extension : request.requested_extensions.items) {
        if (extension == sv2::ehash::kExtensionType)
            success.supported_extensions.items.push_back(extension);
        else
            error.unsupported_extensions.items.push_back(extension);
    }
    if (success.supported_extensions.items.empty()) {
        send(error);
        return {};
    }
    ehash_negotiated_ = true;
    send(success);
    return {};
}

Result<> MinerSession::refuse_open(std::uint32_t request_id, std::string_view worker, const std::string& code,
                                   const std::string& detail) {
    send(msg::OpenMiningChannelError{request_id, {code}});
    static log::Limited note{log::Level::warn};
    note.about(connection_->peer(), "miner {}: channel for \"{}\" refused: {}", connection_->peer(),
               printable(worker, 80), detail.empty() ? code : code + ": " + detail);
    pool_->events.tell(records::ChannelRefused{connection_id_, connection_->peer(), worker, {code}});
    return {};
}

Result<> MinerSession::on(const sv2::Decoded<msg::OpenStandardMiningChannel>& decoded) {
    const auto& open = decoded.message;
    return open_channel({.kind = mining::ChannelKind::standard,
                         .request_id = open.request_id,
                         .user_identity = open.user_identity.value,
                         .nominal_hash_rate = open.nominal_hash_rate.get(),
                         .max_target = open.max_target.bytes,
                         .tlvs = decoded.rest});
}

Result<> MinerSession::on(const sv2::Decoded<msg::OpenExtendedMiningChannel>& decoded) {
    const auto& open = decoded.message;
    return open_channel({.kind = mining::ChannelKind::extended,
                         .request_id = open.request_id,
                         .user_identity = open.user_identity.value,
                         .nominal_hash_rate = open.nominal_hash_rate.get(),
                         .max_target = open.max_target.bytes,
                         .min_extranonce_size = open.min_extranonce_size,
                         .tlvs = decoded.rest});
}

Result<> MinerSession::open_channel(const Opening& open) {
    const auto refuse = [&](const std::string& code, const std::string& detail = {}) {
        return refuse_open(open.request_id, open.user_identity, code, detail);
    };
    if (!may_ask_for_channel()) return refuse_or_end(open.request_id, open.user_identity);
    if (channels_.size() >= pool_->terms.channels_max) return refuse(refusal::kTooMany);
    if (!is_usable_hash_rate(open.nominal_hash_rate)) return refuse(refusal::kHashRate);
    if (!pool_->work.tip()) return refuse(refusal::kNoTemplate);
    HP_TRY(auto tlvs, ehash::owner_tlvs(open.tlvs, ehash_negotiated_));
    // UpdateChannel and shares carry the name in a TLV; an opening has it in its fields.
    tlvs.user_identity = open.user_identity;
    const auto named = ehash::named_owner(tlvs, pool_->known_keys);
    if (!named) return refuse(refusal::kLockingKey, named.error().what);
    const auto key = *named ? *named : pool_->terms.default_locking_key;
    if (!key)
        return refuse(refusal::kLockingKey,
                      "it does not name a locking key, and there is no default_locking_key");
    if (!mining::is_usable_max_target(open.max_target)) return refuse(refusal::kMaxTarget);

    if (!connection_->prove(net::Standing::guest)) return fail(Errc::refused, "too many miners");
    // Before allocating the prefix, which is not given back.
    if (!pool_->make_room(connection_id_, source_)) {
        allowance_.on_refused();
        return refuse_or_end(open.request_id, open.user_identity);
    }
    const bool is_extended = open.kind == mining::ChannelKind::extended;
    auto grant = is_extended ? pool_->extranonces.grant_extended(open.min_extranonce_size)
                             : pool_->extranonces.grant_standard();
    if (!grant) {
        pool_->places.close(connection_id_);
        return refuse(grant.error().what);
    }
    auto now = pool_->clock.steady_ms();
    mining::Vardiff vardiff{pool_->terms.vardiff, open.nominal_hash_rate, open.max_target, now};
    vardiff.on_network_target(pool_->work.tip()->network_target);

    std::uint32_t channel_id = next_channel_id_++;
    mining::Channel::Terms terms{channel_id, open.kind, grant->prefix, grant->extranonce_size,
                                 vardiff.target()};
    auto [it, added] = channels_.emplace(
        channel_id, ChannelState{mining::Channel{terms}, vardiff,
                                 mining::ShareBudget{pool_->terms.invalid_shares_max, now}, *key,
                                 pool_->shares.route(*key), ehash::worker_name(open.user_identity),
                                 open.nominal_hash_rate, mining::ShareTally{now}, pool_->clock.unix_ms(),
                                 TokenBucket{kKeptAtOnce, kKeptPerSecond, now}});
    HP_ASSERT(added);
    limit_.cancel();

    const std::uint32_t group_id = group_of(it->second.channel);
    if (is_extended)
        send(msg::OpenExtendedMiningChannelSuccess{open.request_id,
                                                   channel_id,
                                                   {vardiff.target()},
                                                   grant->extranonce_size,
                                                   grant->prefix,
                                                   group_id});
    else
        send(msg::OpenStandardMiningChannelSuccess{
            open.request_id, channel_id, {vardiff.target()}, grant->prefix, group_id});
    pool_->events.tell(records::ChannelOpened{connection_id_, channel_id, it->second.worker,
                                              bitcoin::difficulty_from_target(vardiff.target())});
    send_status(it->second, now);

    // The current tip's job is sent as a future job that the tip message activates, as the specification
    // requires.
    ChannelState& state = it->second;
    const auto& jobs = *pool_->work.current();
    state.channel.add_future_job(jobs.for_size(state.channel.full_extranonce_size()));
    state.channel.activate(jobs.job_id, pool_->work.tip(), now);
    if (auto future = pool_->work.future())
        state.channel.add_future_job(future->for_size(state.channel.full_extranonce_size()));
    tell_work(state);
    return {};
}

Result<> MinerSession::on(const sv2::Decoded<msg::UpdateChannel>& decoded) {
    const auto& update = decoded.message;
    auto refuse = [&](const char* code) {
        send(msg::UpdateChannelError{update.channel_id, {code}});
        if (told_strays_.take(pool_->clock.steady_ms()))
            pool_->events.tell(records::UpdateRefused{connection_id_, update.channel_id, code});
        return Result<>{};
    };
    auto it = channels_.find(update.channel_id);
    if (it == channels_.end()) return refuse("invalid-channel-id");
    if (!is_usable_hash_rate(update.nominal_hash_rate.get())) return refuse(refusal::kHashRate);
    if (!mining::is_usable_max_target(update.maximum_target.bytes)) return refuse(refusal::kMaxTarget);
    HP_TRY(const auto tlvs, ehash::owner_tlvs(decoded.rest, ehash_negotiated_));
    const auto named = ehash::named_owner(tlvs, pool_->known_keys);
    if (!named) return refuse(refusal::kLockingKey);
    // From here on everything is applied: a refused update changes nothing.
    ChannelState& state = it->second;
    if (const auto& key = *named) {
        state.locking_key = *key;
        state.mint = pool_->shares.route(*key);
    }
    if (tlvs.user_identity) {
        state.worker = ehash::worker_name(*tlvs.user_identity);
        pool_->events.tell(records::ChannelNamed{connection_id_, update.channel_id, state.worker});
    }
    auto now = pool_->clock.steady_ms();
    state.nominal_hash_rate_hps = update.nominal_hash_rate.get();
    state.last_status_ms = 0;  // with the next tick
    if (auto target =
            state.vardiff.on_client_update(update.nominal_hash_rate.get(), update.maximum_target.bytes, now))
        apply_target(state, *target, now);
    return {};
}

Result<> MinerSession::on(const sv2::Decoded<msg::CloseChannel>& close) {
    const std::uint32_t id = close.message.channel_id;
    const auto is_closed = [&](const auto& entry) {
        const auto& [channel_id, state] = entry;
        if (channel_id != id && group_of(state.channel) != id) return false;
        pool_->places.close(connection_id_);
        pool_->events.tell(records::ChannelClosed{connection_id_, channel_id, std::nullopt});
        return true;
    };
    if (const auto it = channels_.find(id); it != channels_.end()) {
        if (is_closed(*it)) channels_.erase(it);
    } else if (std::ranges::find(groups_, id, &Group::id) != groups_.end()) {
        // Not for any unknown id: a client could make us look at all its channels with each message.
        std::erase_if(channels_, is_closed);
    }
    return {};
}

void MinerSession::apply_target(ChannelState& state, const bitcoin::Target& target, SteadyMs now) {
    auto channel_id = state.channel.channel_id();
    state.channel.set_target(target);
    send(msg::SetTarget{channel_id, {target}});
    pool_->events.tell(
        records::TargetSet{connection_id_, channel_id, bitcoin::difficulty_from_target(target)});
    // The new target applies to jobs sent from now on, so send one.
    const auto current = state.channel.current_job();
    auto jobs = pool_->renewed_jobs(current ? current->job_id : 0);
    if (!jobs) return;
    const auto& job = jobs->for_size(state.channel.full_extranonce_size());
    state.channel.add_job(job, now);
    tell_work(state);
}

void MinerSession::tick(SteadyMs now, SteadyMs status_period_ms) {
    for (auto& [id, state] : channels_) {
        if (auto target = state.vardiff.update(now)) apply_target(state, *target, now);
        if (now - state.last_status_ms >= status_period_ms) send_status(state, now);
    }
}

void MinerSession::send_status(ChannelState& state, SteadyMs now) {
    state.last_status_ms = now;
    pool_->events.channel_status({connection_id_, connection_->peer(), program_, state.channel, state.worker,
                                  state.nominal_hash_rate_hps, state.opened_ms, state.tally});
}

void MinerSession::quote_created(std::uint32_t channel_id, std::uint32_t sequence_number,
                                 const std::string& quote_id, std::uint64_t amount) {
    if (!pool_ || !ehash_negotiated_ || !channels_.contains(channel_id)) return;
    send(sv2::ehash::QuoteNotification{channel_id, sequence_number, {quote_id}, amount});
}

void MinerSession::quote_failed(std::uint32_t channel_id, std::uint32_t sequence_number, std::uint16_t code,
                                const std::string& text) {
    if (!pool_ || !ehash_negotiated_ || !channels_.contains(channel_id)) return;
    send(sv2::ehash::QuoteFailure{channel_id, sequence_number, code, {text}});
}

}  // namespace hp::pool
