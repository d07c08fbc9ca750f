// How a channel opens: the request is checked, gets a place, waits until there is work, and is served.
#include "ehash/owner.hpp"
#include "log/log.hpp"
#include "pool/miner_session.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::pool {

namespace msg = sv2::mining;
namespace refusal = wire::channel_refusal;

bool MinerSession::is_usable_hash_rate(float hash_rate) {
    return hash_rate >= 0 && hash_rate < 1e30f;  // false for NaN
}

Result<> MinerSession::on(const sv2::Decoded<msg::OpenStandardMiningChannel>& decoded) {
    const auto& open = decoded.message;
    return open_channel({.kind = mining::ChannelKind::standard,
                         .request_id = open.request_id,
                         .user_identity = open.user_identity.value,
                         .nominal_hash_rate = open.nominal_hash_rate.get(),
                         .max_target = open.max_target.bytes},
                        decoded.rest);
}

Result<> MinerSession::on(const sv2::Decoded<msg::OpenExtendedMiningChannel>& decoded) {
    const auto& open = decoded.message;
    return open_channel({.kind = mining::ChannelKind::extended,
                         .request_id = open.request_id,
                         .user_identity = open.user_identity.value,
                         .nominal_hash_rate = open.nominal_hash_rate.get(),
                         .max_target = open.max_target.bytes,
                         .min_extranonce_size = open.min_extranonce_size},
                        decoded.rest);
}

Result<> MinerSession::open_channel(Opening open, ByteView tlv_bytes) {
    // Counted whatever the outcome: a refusal is answered, logged and recorded too.
    if (!allowance_.open(pool_->clock.steady_ms())) return refuse_or_end(open);
    HP_TRY(const auto refused, check_opening(open, tlv_bytes));
    if (refused) return refuse_open(open, refused->code, refused->detail);
    if (!connection_->prove(net::Standing::guest)) return fail(Errc::refused, "too many miners");
    // Before allocating the prefix, which is not given back.
    if (!pool_->make_room(connection_id_, source_)) {
        allowance_.on_refused();
        return refuse_or_end(open);
    }
    limit_.cancel();
    pool_->work.tip() ? serve(open) : hold(std::move(open));
    return {};
}

/// All that needs no work; finds the owner.
Result<std::optional<MinerSession::OpeningRefusal>> MinerSession::check_opening(Opening& open,
                                                                                ByteView tlv_bytes) {
    const auto refuse = [](const char* code, const std::string& detail = {}) {
        return std::optional{OpeningRefusal{code, detail}};
    };
    if (channels_.size() + held_.size() >= pool_->terms.channels_max) return refuse(refusal::kTooMany);
    if (!is_usable_hash_rate(open.nominal_hash_rate)) return refuse(refusal::kHashRate);
    // A client of our extension asks again, and tells its miners why; others would give up.
    if (!pool_->work.tip() && ehash_negotiated_) return refuse(refusal::kNoTemplate);
    HP_TRY(auto tlvs, ehash::owner_tlvs(tlv_bytes, ehash_negotiated_));
    // UpdateChannel and shares carry the name in a TLV; an opening has it in its fields.
    tlvs.user_identity = open.user_identity;
    const auto named = ehash::named_owner(tlvs, pool_->known_keys);
    if (!named) return refuse(refusal::kLockingKey, named.error().what);
    const auto key = *named ? *named : pool_->terms.default_locking_key;
    if (!key)
        return refuse(refusal::kLockingKey,
                      "it does not name a locking key, and there is no default_locking_key");
    open.owner = *key;
    if (!mining::is_usable_max_target(open.max_target)) return refuse(refusal::kMaxTarget);
    return std::nullopt;
}

/// It has its place already, so the limits of channels bound these too.
void MinerSession::hold(Opening open) {
    static log::Limited note{log::Level::info};
    note.about(connection_->peer(), "miner {}: channel for \"{}\" waits for the first template",
               connection_->peer(), printable(open.user_identity, 80));
    pool_->events.tell(records::ChannelWaits{connection_id_, connection_->peer(), open.user_identity});
    held_.push_back(std::move(open));
}

void MinerSession::serve_held() {
    for (const Opening& open : std::exchange(held_, {})) serve(open);
}

/// REQUIRES: there is work
void MinerSession::serve(const Opening& open) {
    const bool is_extended = open.kind == mining::ChannelKind::extended;
    const auto grant = is_extended ? pool_->extranonces.grant_extended(open.min_extranonce_size)
                                   : pool_->extranonces.grant_standard();
    if (!grant) {
        pool_->places.close(connection_id_);
        (void)refuse_open(open, grant.error().what);
        return;
    }
    ChannelState& state = add_channel(open, *grant);
    const auto channel_id = state.channel.channel_id();
    const auto& target = state.channel.target();
    const std::uint32_t group_id = group_of(state.channel);
    if (is_extended)
        send(msg::OpenExtendedMiningChannelSuccess{
            open.request_id, channel_id, {target}, grant->extranonce_size, grant->prefix, group_id});
    else
        send(msg::OpenStandardMiningChannelSuccess{
            open.request_id, channel_id, {target}, grant->prefix, group_id});
    pool_->events.tell(records::ChannelOpened{connection_id_, channel_id, state.worker,
                                              bitcoin::difficulty_from_target(target)});
    const auto now = pool_->clock.steady_ms();
    send_status(state, now);

    // The current tip's job is sent as a future job that the tip message activates, as the specification
    // requires.
    const auto& jobs = *pool_->work.current();
    state.channel.add_future_job(jobs.for_size(state.channel.full_extranonce_size()));
    state.channel.activate(jobs.job_id, pool_->work.tip(), now);
    if (auto future = pool_->work.future())
        state.channel.add_future_job(future->for_size(state.channel.full_extranonce_size()));
    tell_work(state);
}

MinerSession::ChannelState& MinerSession::add_channel(const Opening& open,
                                                      const mining::ExtranonceGrant& grant) {
    const auto now = pool_->clock.steady_ms();
    mining::Vardiff vardiff{pool_->terms.vardiff, open.nominal_hash_rate, open.max_target, now};
    vardiff.on_network_target(pool_->work.tip()->network_target, now);
    const std::uint32_t channel_id = next_channel_id_++;
    const mining::Channel::Terms terms{
        channel_id, open.kind, grant.prefix, grant.extranonce_size, vardiff.target(), pool_->terms.late};
    auto [it, added] = channels_.emplace(
        channel_id, ChannelState{mining::Channel{terms}, vardiff,
                                 mining::ShareBudget{pool_->terms.invalid_shares_max, now}, open.owner,
                                 pool_->shares.route(open.owner), ehash::worker_name(open.user_identity),
                                 open.nominal_hash_rate, mining::ShareTally{now}, pool_->clock.unix_ms(),
                                 TokenBucket{kKeptAtOnce, kKeptPerSecond, now}});
    HP_ASSERT(added);
    return it->second;
}

Result<> MinerSession::refuse_open(const Opening& open, const std::string& code, const std::string& detail) {
    send(msg::OpenMiningChannelError{open.request_id, {code}});
    static log::Limited note{log::Level::warn};
    note.about(connection_->peer(), "miner {}: channel for \"{}\" refused: {}", connection_->peer(),
               printable(open.user_identity, 80), detail.empty() ? code : code + ": " + detail);
    pool_->events.tell(
        records::ChannelRefused{connection_id_, connection_->peer(), open.user_identity, {code}});
    return {};
}

Result<> MinerSession::refuse_or_end(const Opening& open) {
    HP_DO(refuse_open(open, refusal::kTooFewShares,
                      "from its other channels, or there are too many channels without any"));
    if (!allowance_.is_over()) return {};
    ++pool_->refusals.connections_closed;
    return fail(Errc::refused, "too many channels, and no valid share among them");
}

}  // namespace hp::pool
