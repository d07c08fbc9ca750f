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
      ack_due_{pool.clock},
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
    ack_due_.cancel();
    catch_up_.cancel();
    pool->events.tell(records::ConnectionClosed{connection_id_, reason.what});
    for (const auto& [id, state] : channels_)
        pool->events.tell(records::ChannelClosed{connection_id_, id, std::nullopt});
    recent_ = nullptr;
    channels_.clear();
    held_.clear();
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
    acknowledge_all();
    connection_->close(why);
    on_close({Errc::protocol, why});
}

Result<> MinerSession::handle(const sv2::FrameView& frame) {
    // Shares first: other messages are rare. A message of a list that is not here never reaches its on().
    using Heard = boost::mp11::mp_append<msg::Messages, sv2::common::Messages, sv2::extensions::Messages>;
    if (!is_set_up_) return on_setup(frame);
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

Result<> MinerSession::on_setup(const sv2::FrameView& frame) {
    const bool rolling = pool_->terms.version_rolling_allowed;
    const auto read = sv2::read_setup(
        frame, kMiningProtocol,
        kRequiresStandardJobs | kRequiresWorkSelection | (rolling ? kRequiresVersionRolling : 0));
    if (const auto* refusal = std::get_if<sv2::SetupRefusal>(&read)) {
        if (refusal->answer) {
            send(*refusal->answer);
            pool_->events.tell(records::SetupRefused{
                connection_id_, connection_->peer(), {refusal->answer->error_code.value}});
        }
        return fail(refusal->why);
    }
    const auto& setup = std::get<sv2::common::SetupConnection>(read);
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
        const bool is_ehash = extension == sv2::ehash::kExtensionType;
        const bool is_tracking = extension == sv2::extensions::kWorkerTracking;
        ehash_negotiated_ |= is_ehash;
        names_workers_ |= is_tracking;
        auto& list = is_ehash || is_tracking ? success.supported_extensions : error.unsupported_extensions;
        list.items.push_back(extension);
    }
    success.supported_extensions.items.empty() ? send(error) : send(success);
    return {};
}

Result<> MinerSession::on(const sv2::Decoded<msg::UpdateChannel>& decoded) {
    const auto& update = decoded.message;
    const auto refuse = [&](const char* code, const std::string& detail = {}) {
        send(msg::UpdateChannelError{update.channel_id, {code}});
        static log::Limited note{log::Level::warn};
        note.about(connection_->peer(), "miner {}: update of channel {} refused: {}{}", connection_->peer(),
                   update.channel_id, code, detail.empty() ? "" : ": " + detail);
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
    if (!named) return refuse(refusal::kLockingKey, named.error().what);
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
        apply_target(state, *target);
    return {};
}

Result<> MinerSession::on(const sv2::Decoded<msg::CloseChannel>& close) {
    acknowledge_all();
    const std::uint32_t id = close.message.channel_id;
    const auto is_closed = [&](const auto& entry) {
        const auto& [channel_id, state] = entry;
        if (channel_id != id && group_of(state.channel) != id) return false;
        pool_->places.close(connection_id_);
        pool_->events.tell(records::ChannelClosed{connection_id_, channel_id, std::nullopt});
        return true;
    };
    if (const auto it = channels_.find(id); it != channels_.end()) {
        if (is_closed(*it)) erase_channel(id);
    } else if (std::ranges::find(groups_, id, &Group::id) != groups_.end()) {
        // Not for any unknown id: a client could make us look at all its channels with each message.
        recent_ = nullptr;
        std::erase_if(channels_, is_closed);
    }
    return {};
}

void MinerSession::apply_target(ChannelState& state, const bitcoin::Target& target) {
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
    state.channel.add_job(job);
    tell_work(state);
}

void MinerSession::tick(SteadyMs now, SteadyMs status_period_ms) {
    for (auto& [id, state] : channels_) {
        if (auto target = state.vardiff.update(now)) apply_target(state, *target);
        if (now - state.last_status_ms >= status_period_ms) send_status(state, now);
    }
}

void MinerSession::send_status(ChannelState& state, SteadyMs now) {
    state.last_status_ms = now;
    pool_->events.channel_status({connection_id_, connection_->peer(), program_, state.channel, state.worker,
                                  state.nominal_hash_rate_hps, state.opened_ms, state.tally,
                                  state.workers.get()});
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
