// A miner's work: its channel's jobs and target, translated to SV1.
#include <algorithm>

#include "bitcoin/target.hpp"
#include "log/log.hpp"
#include "mining/share.hpp"
#include "mining/whole_difficulty.hpp"
#include "proxy/downstream.hpp"

namespace hp::proxy {
namespace {

constexpr std::size_t kJobsMax = 16;

}  // namespace

void Downstream::begin_work() {
    limit_.cancel();
    send_difficulty();
    // The newest active job, with clean_jobs.
    for (auto it = jobs_.rbegin(); it != jobs_.rend(); ++it) {
        if (!it->is_active) continue;
        send_job(*it, true);
        break;
    }
}

void Downstream::on_job(const sv2::mining::NewExtendedMiningJob& message) {
    if (!proxy_) return;
    if (jobs_.size() == kJobsMax) jobs_.pop_front();
    Job job;
    job.job_id = message.job_id;
    job.version = message.version;
    job.version_rolling_allowed = message.version_rolling_allowed;
    job.coinbase_tx_prefix = message.coinbase_tx_prefix.value;
    job.coinbase_tx_suffix = message.coinbase_tx_suffix.value;
    for (const auto& node : message.merkle_path.items) job.merkle_path.push_back(node.bytes);
    if (message.min_ntime && tip_) {
        job.is_active = true;
        job.min_ntime = *message.min_ntime;
    }
    if (job.is_active) {
        job.prev_hash = tip_->prev_hash;
        job.nbits = tip_->nbits;
    }
    jobs_.push_back(std::move(job));
    if (jobs_.back().is_active) send_job(jobs_.back(), false);
    flush();
}

void Downstream::on_prev_hash(const sv2::mining::SetNewPrevHash& message) {
    if (!proxy_) return;
    tip_ = Tip{message.prev_hash.bytes, message.nbits, message.min_ntime, proxy_->clock.steady_ms()};
    // Older jobs stay known, so that the pool answers their late shares as stale.
    Job* active = nullptr;
    for (auto& job : jobs_) {
        job.is_active = job.job_id == message.job_id;
        if (job.is_active) active = &job;
    }
    if (!active) return log::warn("pool activated job {} without sending it", message.job_id);
    active->min_ntime = message.min_ntime;
    active->prev_hash = tip_->prev_hash;
    active->nbits = tip_->nbits;
    // With a tip of another difficulty, the network's target may now be easier than the active target, or no
    // longer so.
    if (workers_.first() && is_subscribed_ && difficulty_to_tell() != told_difficulty_) send_difficulty();
    send_job(*active, true);
    flush();
}

void Downstream::send_job(Job& job, bool clean_jobs) {
    if (!is_subscribed_ || !workers_.first() || !tip_) return;
    job.was_sent = true;
    const auto ntime = mining::ntime_to_start(
        job.min_ntime, (proxy_->clock.steady_ms() - tip_->came_ms) / 1000, proxy_->clock.unix_ms() / 1000);
    sv1::ExtranonceSplit split{{}, extranonce1_, static_cast<std::uint8_t>(extranonce2_size_)};
    sv1::append_notify(out_, sv1::notify_from_job(std::to_string(job.job_id), job.version, tip_->prev_hash,
                                                  tip_->nbits, ntime, job.merkle_path, job.coinbase_tx_prefix,
                                                  split, job.coinbase_tx_suffix, clean_jobs));
}

void Downstream::on_target(const Bytes32& target) {
    if (!proxy_) return;
    target_ = target;
    work_hashes_ = bitcoin::work_from_target(target);
    // Applies to the next job, on both sides of this proxy.
    if (workers_.first() && is_subscribed_) send_difficulty();
    flush();
}

/// A pool that pays ehash itself keeps targets no harder than the network's, as far as a share is worth
/// anything.
double Downstream::difficulty_to_tell() const {
    const bool is_clamped = proxy_->pool.pays_ehash() || !tip_;
    return mining::told_difficulty(target_,
                                   is_clamped ? std::nullopt : bitcoin::target_from_nbits(tip_->nbits));
}

void Downstream::send_difficulty() {
    told_difficulty_ = difficulty_to_tell();
    sv1::append_set_difficulty(out_, told_difficulty_);
}

void Downstream::on_extranonce_prefix(ByteView prefix) {
    if (!proxy_) return;
    if (!takes_set_extranonce_)
        return close("the pool changed the extranonce, which this miner cannot follow");
    extranonce1_.assign(prefix.begin(), prefix.end());
    sv1::append_set_extranonce(out_, extranonce1_, extranonce2_size_);
    flush();
}

}  // namespace hp::proxy
