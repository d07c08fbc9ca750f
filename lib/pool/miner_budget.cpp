// What a mining connection may ask of the pool's time: a budget of invalid shares for each channel.
#include "log/log.hpp"
#include "pool/pool.hpp"
#include "sv2/frame.hpp"

namespace hp::pool {

/// Not within it: the share is answered unlooked at, or its channel is closed. Closed alone, for a
/// translator's other miners are not to blame.
bool MinerSession::within_budget(ChannelState& state, const sv2::mining::SubmitSharesExtended& submit) {
    using Take = mining::ShareBudget::Take;
    const auto take = state.budget.take(steady_ms_now());
    if (take == Take::judge) return true;
    ++pool_->refusals_.shares_unjudged;
    constexpr auto kReason = wire::ShareRefusal::too_many_invalid_shares;
    if (told_strays_.take(steady_ms_now())) {
        refuse_share(described(submit), kReason);
    } else {
        send(sv2::mining::SubmitSharesError{
            submit.channel_id, submit.sequence_number, {std::string(wire::word_of(kReason))}});
        state.tally.on_rejected();
    }
    if (take == Take::close) {
        ++pool_->refusals_.channels_closed;
        // A proxy's address is not to blame for one of its miners.
        if (!is_earning_) pool_->offenders_.add(connection_->peer(), steady_ms_now());
        closures_.take(steady_ms_now());
        close_channel(submit.channel_id, wire::word_of(kReason).data());
    }
    return false;
}

void MinerSession::close_channel(std::uint32_t channel_id, const char* code) {
    const auto it = channels_.find(channel_id);
    if (it == channels_.end()) return;
    static log::Limited complain{log::Level::warn};
    complain.about(connection_->peer(), "miner {}: channel {} (\"{}\") closed: {}", connection_->peer(),
                   channel_id, printable(it->second.worker, 80), code);
    send(sv2::mining::CloseChannel{channel_id, {code}});
    channels_.erase(it);
    pool_->events_.channel_closed(connection_id_, channel_id, code);
}

/// What others of its address did is not held against a connection that has earned something; what its own
/// channels did is.
std::uint32_t MinerSession::first_budget(SteadyMs now) {
    const auto max = pool_->options_.invalid_shares_max;
    if (!closures_.has(now)) return mining::Offenders::small_budget(max);
    return is_earning_ ? max : pool_->offenders_.first_budget(connection_->peer(), max, now);
}

/// A share of a channel that is not open. Of one that was it may have been on its way, or its miner does not
/// listen: however many come, the connection's other miners are not to blame, and CloseChannel has answered
/// them. Of one that never was no program sends them in earnest.
Result<> MinerSession::on_stray(const sv2::mining::SubmitSharesExtended& submit) {
    const auto now = steady_ms_now();
    const bool was_open = submit.channel_id > 0 && submit.channel_id < next_channel_id_;
    constexpr auto kReason = wire::ShareRefusal::invalid_channel_id;
    if (told_strays_.take(now)) {
        refuse_share(described(submit), kReason);
    } else if (was_open) {
        ++pool_->refusals_.shares_unjudged;
    } else {
        send(sv2::mining::SubmitSharesError{
            submit.channel_id, submit.sequence_number, {std::string(wire::word_of(kReason))}});
    }
    if (was_open || strays_.take(now)) return {};
    return fail(Errc::protocol, "too many shares for channels that it does not have");
}

void MinerSession::follow_network_target(ChannelState& state, const mining::Tip& tip) {
    const auto target = state.vardiff.on_network_target(tip.network_target);
    if (!target) return;
    const auto channel_id = state.channel.channel_id();
    state.channel.set_target(*target);
    send(sv2::mining::SetTarget{channel_id, {*target}});
    pool_->events_.target_set(connection_id_, channel_id, bitcoin::difficulty_from_target(*target));
}

}  // namespace hp::pool
