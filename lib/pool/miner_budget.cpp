// How much of the pool's time a mining connection may use: a budget of invalid shares per channel, and an
// allowance for everything else that no valid share has paid for.
#include "log/log.hpp"
#include "pool/miner_session.hpp"
#include "sv2/frame.hpp"
#include "wire/connection_refusal.hpp"

namespace hp::pool {

/// Beyond it: the share is answered unchecked, or its channel is closed. Only the channel, since a
/// translator's other miners are not to blame.
bool MinerSession::within_budget(ChannelState& state, const sv2::mining::SubmitSharesExtended& submit) {
    using Take = mining::ShareBudget::Take;
    const auto take = state.budget.take(pool_->clock.steady_ms(), allowance_);
    if (take == Take::judge) return true;
    ++pool_->refusals.shares_unjudged;
    constexpr auto kReason = wire::ShareRefusal::too_many_invalid_shares;
    if (told_strays_.take(pool_->clock.steady_ms())) {
        refuse_share(described(submit), kReason);
    } else {
        send(sv2::mining::SubmitSharesError{
            submit.channel_id, submit.sequence_number, {std::string(wire::word_of(kReason))}});
        state.tally.on_rejected();
    }
    if (take == Take::close) {
        ++pool_->refusals.channels_closed;
        close_channel(submit.channel_id, wire::word_of(kReason).data());
    }
    if (allowance_.is_over()) {
        ++pool_->refusals.connections_closed;
        close("too many invalid shares, and no valid one among them");
    }
    return false;
}

void MinerSession::close_channel(std::uint32_t channel_id, const char* code) {
    const auto it = channels_.find(channel_id);
    if (it == channels_.end()) return;
    static log::Limited complain{log::Level::warn};
    complain.about(connection_->peer(), "miner {}: channel {} (\"{}\") closed: {}", connection_->peer(),
                   channel_id, printable(it->second.worker, 80), code);
    acknowledge_all();
    send(sv2::mining::CloseChannel{channel_id, {code}});
    erase_channel(channel_id);
    pool_->places.close(connection_id_);
    pool_->events.tell(records::ChannelClosed{connection_id_, channel_id, code});
}

/// A channel's valid shares pay for its own; all other channels share a bucket.
bool MinerSession::keeps_record_of(const mining::RefusedShare& share) {
    const auto it = channels_.find(share.channel_id);
    const auto now = pool_->clock.steady_ms();
    if (it != channels_.end() && it->second.budget.is_paid_for()) return it->second.kept.take(now);
    return allowance_.keep(now);
}

/// Shares of a channel that was open are answered by CloseChannel.
Result<> MinerSession::on_stray(const sv2::mining::SubmitSharesExtended& submit) {
    const auto now = pool_->clock.steady_ms();
    const bool was_open = mining::Strays::was_open(submit.channel_id, next_channel_id_);
    constexpr auto kReason = wire::ShareRefusal::invalid_channel_id;
    if (told_strays_.take(now)) {
        refuse_share(described(submit), kReason);
    } else if (was_open) {
        ++pool_->refusals.shares_unjudged;
    } else {
        send(sv2::mining::SubmitSharesError{
            submit.channel_id, submit.sequence_number, {std::string(wire::word_of(kReason))}});
    }
    if (strays_.take(submit.channel_id, next_channel_id_, now)) return {};
    return fail(Errc::protocol, "too many shares for channels that it does not have");
}

void MinerSession::follow_network_target(ChannelState& state, const mining::Tip& tip) {
    const auto target = state.vardiff.on_network_target(tip.network_target, pool_->clock.steady_ms());
    if (!target) return;
    const auto channel_id = state.channel.channel_id();
    state.channel.set_target(*target);
    send(sv2::mining::SetTarget{channel_id, {*target}});
    pool_->events.tell(
        records::TargetSet{connection_id_, channel_id, bitcoin::difficulty_from_target(*target)});
}

}  // namespace hp::pool
