// Work for the channels of one connection. A peer that reads slowly gets the newest only: what is not queued
// yet when the queue is full enough is left for later, and later it is what is new then. Acknowledgements and
// quotes do not come by here and are never left out.
#include "pool/miner_session.hpp"

namespace hp::pool {
namespace {

namespace msg = sv2::mining;

/// Work is queued up to here; the rest of the queue (FrameLimits) is for what cannot be left out.
constexpr std::size_t kQueuedForWorkMax = 512u << 10;
constexpr std::int64_t kCatchUpMs = 5;
/// A peer that takes nothing for so long is gone, or never meant to read.
constexpr SteadyMs kChokedMaxMs = 60'000;

}  // namespace

void MinerSession::send_future_job(const JobSet& jobs) {
    for (auto& [id, state] : channels_) {
        state.channel.add_future_job(jobs.for_size(state.channel.full_extranonce_size()));
        tell_work(state);
    }
}

void MinerSession::send_job(const JobSet& jobs) {
    const auto now = pool_->clock.steady_ms();
    for (auto& [id, state] : channels_) {
        state.channel.add_job(jobs.for_size(state.channel.full_extranonce_size()), now);
        tell_work(state);
    }
}

void MinerSession::send_tip(const mining::TipPtr& tip, const JobSet& jobs) {
    const auto now = pool_->clock.steady_ms();
    for (auto& [id, state] : channels_) {
        follow_network_target(state, *tip);
        if (!state.channel.activate(jobs.job_id, tip, now)) {
            // The channel never had this job (it was renewed, or forgotten): it comes as the tip's first.
            state.channel.add_future_job(jobs.for_size(state.channel.full_extranonce_size()));
            state.channel.activate(jobs.job_id, tip, now);
        }
        tell_work(state);
    }
}

bool MinerSession::is_choked() {
    if (connection_->queued_bytes() >= kQueuedForWorkMax) connection_->flush();
    return connection_->queued_bytes() >= kQueuedForWorkMax;
}

void MinerSession::tell_work(ChannelState& state) {
    if (state.is_behind) return;
    if (behind_.empty() && !is_choked()) return send_work(state);
    state.is_behind = true;
    behind_.push_back(state.channel.channel_id());
    if (behind_.size() > 1) return;
    choked_since_ms_ = pool_->clock.steady_ms();
    catch_up_.after(kCatchUpMs, [this] { catch_up(); });
}

void MinerSession::catch_up() {
    while (!behind_.empty()) {
        if (is_choked()) {
            const std::size_t queued = connection_->queued_bytes();
            const SteadyMs now = pool_->clock.steady_ms();
            if (queued < choked_bytes_) choked_since_ms_ = now;
            choked_bytes_ = queued;
            if (now - choked_since_ms_ > kChokedMaxMs)
                return close("reads too slowly: nothing was taken for " +
                             std::to_string(kChokedMaxMs / 1000) + " s");
            return catch_up_.after(kCatchUpMs, [this] { catch_up(); });
        }
        choked_since_ms_ = pool_->clock.steady_ms();
        const auto it = channels_.find(behind_.front());
        behind_.pop_front();
        if (it == channels_.end()) continue;
        it->second.is_behind = false;
        send_work(it->second);
    }
}

/// What the peer does not have yet of the channel's tip, its job in force and the newest future job.
void MinerSession::send_work(ChannelState& state) {
    const auto channel_id = state.channel.channel_id();
    const auto tip = state.channel.tip();
    const auto job = state.channel.current_job();
    if (job && state.told_tip != tip) {
        if (state.told_future_id != job->job_id)
            send(mining::extended_job_message(*job, channel_id, std::nullopt));
        send(msg::SetNewPrevHash{channel_id, job->job_id, {tip->prev_hash}, tip->min_ntime, tip->nbits});
        state.told_tip = tip;
        state.told_job_id = job->job_id;
    } else if (job && state.told_job_id != job->job_id) {
        send(mining::extended_job_message(*job, channel_id, tip->min_ntime));
        state.told_job_id = job->job_id;
    }
    const auto future = pool_->work.future();
    if (!future || future->job_id == state.told_future_id) return;
    send(mining::extended_job_message(*future->for_size(state.channel.full_extranonce_size()), channel_id,
                                      std::nullopt));
    state.told_future_id = future->job_id;
}

}  // namespace hp::pool
