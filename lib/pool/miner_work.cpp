// Work for the channels of one connection. A slow reader gets only the newest: once the queue is full enough,
// work is held back, and later the then newest is sent. Acknowledgements and quotes take another path and are
// never skipped.
#include "pool/miner_session.hpp"

namespace hp::pool {
namespace {

namespace msg = sv2::mining;

/// Work is queued up to here; the rest of the queue (FrameLimits) is for what cannot be skipped.
constexpr std::size_t kQueuedForWorkMax = 512u << 10;
constexpr std::int64_t kCatchUpMs = 5;
/// A peer that reads nothing for this long is gone, or never meant to read.
constexpr SteadyMs kChokedMaxMs = 60'000;

}  // namespace

void MinerSession::send_future_job(const JobSet& jobs) {
    for (auto& [id, state] : channels_)
        state.channel.add_future_job(jobs.for_size(state.channel.full_extranonce_size()));
    tell_all();
}

void MinerSession::send_job(const JobSet& jobs) {
    for (auto& [id, state] : channels_)
        state.channel.add_job(jobs.for_size(state.channel.full_extranonce_size()));
    tell_all();
}

void MinerSession::send_tip(const mining::TipPtr& tip, const JobSet& jobs) {
    const auto now = pool_->clock.steady_ms();
    for (auto& [id, state] : channels_) {
        follow_network_target(state, *tip);
        if (!state.channel.activate(jobs.job_id, tip, now)) {
            // The channel never had this job (it was renewed, or forgotten): send it as the tip's first.
            state.channel.add_future_job(jobs.for_size(state.channel.full_extranonce_size()));
            state.channel.activate(jobs.job_id, tip, now);
        }
    }
    tell_all();
    serve_held();
}

std::uint32_t MinerSession::group_of(const mining::Channel& channel) {
    for (const Group& group : groups_)
        if (group.full_extranonce_size == channel.full_extranonce_size()) return group.id;
    groups_.push_back({channel.full_extranonce_size(), next_channel_id_++});
    return groups_.back().id;
}

void MinerSession::tell_all() {
    // A slow reader gets the newest per channel: a group's message must apply to each of its channels.
    if (takes_group_jobs_ && behind_.empty())
        for (const Group& group : groups_)
            if (!is_choked()) tell_group(group);
    for (auto& [id, state] : channels_) tell_work(state);
}

/// One message for all, if all lack the same.
void MinerSession::tell_group(const Group& group) {
    std::optional<Untold> work;
    std::size_t members = 0;
    for (const auto& [id, state] : channels_) {
        if (state.channel.full_extranonce_size() != group.full_extranonce_size) continue;
        Untold lacks = untold(state);
        if (work && lacks != *work) return;
        work = std::move(lacks);
        ++members;
    }
    if (members < 2) return;
    send_untold(*work, group.id, [&](const mining::ExtendedJob& job, std::optional<std::uint32_t> min_ntime) {
        send(mining::extended_job_message(job, group.id, min_ntime));
    });
    for (auto& [id, state] : channels_)
        if (state.channel.full_extranonce_size() == group.full_extranonce_size) mark_told(state, *work);
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
                return close("reads too slowly: nothing read for " + std::to_string(kChokedMaxMs / 1000) +
                             " s");
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

MinerSession::Untold MinerSession::untold(const ChannelState& state) const {
    Untold out;
    const auto& tip = state.channel.tip();
    const auto job = state.channel.current_job();
    auto told_future_id = state.told_future_id;
    if (job && state.told_tip != tip) {
        out.job = job;
        out.tip = tip;
        out.job_is_told = told_future_id == job->job_id;
    } else if (job && state.told_job_id != job->job_id) {
        out.job = job;
        out.min_ntime = tip->min_ntime;
    }
    if (const auto future = pool_->work.future(); future && future->job_id != told_future_id)
        out.future = future->for_size(state.channel.full_extranonce_size());
    return out;
}

void MinerSession::mark_told(ChannelState& state, const Untold& work) const {
    if (work.tip) state.told_tip = work.tip;
    if (work.job) state.told_job_id = work.job->job_id;
    if (work.future) state.told_future_id = work.future->job_id;
}

template <class SendJob>
void MinerSession::send_untold(const Untold& work, std::uint32_t id, const SendJob& send_job) {
    if (work.tip) {
        if (!work.job_is_told) send_job(*work.job, std::nullopt);
        send(msg::SetNewPrevHash{
            id, work.job->job_id, {work.tip->prev_hash}, work.tip->min_ntime, work.tip->nbits});
    } else if (work.job) {
        send_job(*work.job, work.min_ntime);
    }
    if (work.future) send_job(*work.future, std::nullopt);
}

void MinerSession::send_work(ChannelState& state) {
    const Untold work = untold(state);
    const auto id = state.channel.channel_id();
    if (state.channel.kind() == mining::ChannelKind::extended)
        send_untold(work, id, [&](const mining::ExtendedJob& job, std::optional<std::uint32_t> min_ntime) {
            send(mining::extended_job_message(job, id, min_ntime));
        });
    else
        send_untold(work, id, [&](const mining::ExtendedJob& job, std::optional<std::uint32_t> min_ntime) {
            send(mining::standard_job_message(job, id, state.channel.extranonce_prefix().view(), min_ntime));
        });
    mark_told(state, work);
}

}  // namespace hp::pool
