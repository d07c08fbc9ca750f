#include "mining/channel.hpp"

#include <algorithm>

#include "bitcoin/merkle.hpp"

namespace hp::mining {
namespace {

/// Pool difficulty as summed in SubmitShares.Success: work / 2^32, at least 1.
std::uint64_t whole_difficulty(const bitcoin::Target& target) {
    return std::max<std::uint64_t>(1, bitcoin::work_units(target, 32));
}

}  // namespace

wire::ShareRefusal Verdict::refusal() const {
    HP_ASSERT(!accepted());
    return refusal_of(outcome).value_or(wire::ShareRefusal::difficulty_too_low);
}

Channel::Channel(const Terms& terms) : terms_{terms} {
    HP_ASSERT(full_extranonce_size() >= 1 && full_extranonce_size() <= 32);
    HP_ASSERT(terms.kind == ChannelKind::extended || terms.extranonce_size == 0);
}

JobPtr Channel::current_job() const { return active_.empty() ? nullptr : active_.back().job; }

void Channel::set_extranonce_prefix(ByteView prefix) {
    HP_ASSERT(prefix.size() == terms_.extranonce_prefix.size);
    terms_.extranonce_prefix = wire::B0_32::from(prefix);
}

void Channel::put_in_force(JobPtr job, const wire::B0_32& prefix) {
    HP_ASSERT(job && job->full_extranonce_size == full_extranonce_size());
    if (active_.size() >= kActiveJobsMax) active_.erase(active_.begin());
    active_.push_back({.job = std::move(job), .target = terms_.target, .extranonce_prefix = prefix});
}

void Channel::add_job(JobPtr job) {
    HP_ASSERT(tip_);
    put_in_force(std::move(job), terms_.extranonce_prefix);
}

void Channel::add_future_job(JobPtr job) {
    HP_ASSERT(job && job->full_extranonce_size == full_extranonce_size());
    if (future_.size() >= kFutureJobsMax) future_.erase(future_.begin());
    future_.push_back({std::move(job), terms_.extranonce_prefix});
}

void Channel::make_all_stale() {
    const auto remember = [&](std::uint32_t job_id) {
        if (stale_ids_.size() < kStaleJobIdsMax) {
            stale_ids_.push_back(job_id);
            return;
        }
        stale_ids_[stale_next_] = job_id;
        stale_next_ = (stale_next_ + 1) % kStaleJobIdsMax;
    };
    for (const ActiveJob& active : active_) remember(active.job->job_id);
    for (const FutureJob& future : future_) remember(future.job->job_id);
    const auto kept = terms_.late.grace_ms > 0 ? active_.size() : std::min(active_.size(), kLateJobsMax);
    late_.assign(std::make_move_iterator(active_.end() - static_cast<std::ptrdiff_t>(kept)),
                 std::make_move_iterator(active_.end()));
    late_tip_ = tip_;
    active_.clear();
    future_.clear();
}

bool Channel::activate(std::uint32_t job_id, TipPtr tip, SteadyMs now_ms) {
    const auto at =
        std::ranges::find_if(future_, [&](const FutureJob& future) { return future.job->job_id == job_id; });
    std::optional<FutureJob> chosen;
    if (at != future_.end()) {
        chosen = std::move(*at);
        future_.erase(at);
    }
    set_tip(std::move(tip), now_ms);
    if (!chosen) return false;
    put_in_force(std::move(chosen->job), chosen->extranonce_prefix);
    return true;
}

void Channel::set_tip(TipPtr tip, SteadyMs now_ms) {
    HP_ASSERT(tip);
    make_all_stale();
    tip_ = std::move(tip);
    tip_since_ms_ = now_ms;
}

/// A harder target was sent with a later job.
bool Channel::is_superseded(const ActiveJob& active) const {
    return &active != &active_.back() && bitcoin::compare(active.target, active_.back().target) > 0;
}

bool Channel::is_stale(std::uint32_t job_id) const {
    return std::ranges::find(stale_ids_, job_id) != stale_ids_.end();
}

void Channel::prepare(ActiveJob& active) const {
    if (active.prepared) return;
    active.prepared = std::make_unique<Prepared>(Prepared{
        whole_difficulty(active.target), {active.job->coinbase.prefix, active.extranonce_prefix.view()}, {}});
    if (terms_.kind == ChannelKind::standard)
        active.prepared->standard_root = bitcoin::merkle_root_from_path(
            active.prepared->midstate.txid({}, active.job->coinbase.suffix), active.job->merkle_path);
}

/// With everything known about its job.
void Channel::hash(ActiveJob& active, const Share& share, const Tip& tip, Verdict& verdict) const {
    const ExtendedJob& job = *active.job;
    verdict.job = active.job;
    verdict.extranonce_prefix = active.extranonce_prefix;
    verdict.credited_target = active.target;
    if (share.extranonce.size() != terms_.extranonce_size) return;
    prepare(active);
    const Prepared& prepared = *active.prepared;
    verdict.difficulty = prepared.difficulty;
    const Bytes32 root =
        terms_.kind == ChannelKind::standard
            ? prepared.standard_root
            : bitcoin::merkle_root_from_path(prepared.midstate.txid(share.extranonce, job.coinbase.suffix),
                                             job.merkle_path);
    verdict.header = share_header(share, tip.prev_hash, root, tip.nbits);
    verdict.hash = bitcoin::header_hash(verdict.header);
}

void Channel::judge(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen,
                    Verdict& verdict) {
    // Newest first: nearly all shares are for it.
    const auto active = std::find_if(active_.rbegin(), active_.rend(),
                                     [&](const ActiveJob& one) { return one.job->job_id == share.job_id; });
    const bool is_known = active != active_.rend();
    if (!is_known && is_stale(share.job_id)) return judge_late(share, ntime_max, now_ms, seen, verdict);
    const bool is_easier = is_known && is_superseded(*active);
    if (!is_known || (is_easier && !superseded_.has(now_ms))) {
        verdict.outcome = Outcome::invalid_job_id;
        return;
    }
    judge_on(*tip_, *active, share, ntime_max, seen, verdict);
    if (is_easier && verdict.accepted()) superseded_.take(now_ms);
}

/// A share of an earlier tip's job, or of a future job that was never in force.
void Channel::judge_late(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen,
                         Verdict& verdict) {
    verdict.outcome = Outcome::stale_share;
    const auto late =
        std::ranges::find(late_, share.job_id, [](const ActiveJob& one) { return one.job->job_id; });
    if (late == late_.end()) return;
    const bool is_in_grace = now_ms - tip_since_ms_ < terms_.late.grace_ms;
    if (is_in_grace && terms_.late.is_paid) {
        judge_on(*late_tip_, *late, share, ntime_max, seen, verdict);
    } else {
        hash(*late, share, *late_tip_, verdict);
        // Work, and once: it may have been accepted before its tip was late.
        const bool is_work = share.extranonce.size() == terms_.extranonce_size &&
                             judge_hash(verdict.hash, late_tip_->network_target, late->target) !=
                                 Outcome::difficulty_too_low &&
                             seen.insert(late_tip_->prev_hash, verdict.hash) != Seen::duplicate;
        verdict.is_excused = is_work && is_in_grace;
        verdict.is_late_block = is_work && bitcoin::meets(verdict.hash, late_tip_->network_target);
    }
    verdict.tip = late_tip_;
}

void Channel::judge_on(const Tip& tip, ActiveJob& active, const Share& share, std::uint32_t ntime_max,
                       DuplicateSet& seen, Verdict& verdict) const {
    const ExtendedJob& job = *active.job;
    hash(active, share, tip, verdict);
    const ShareTerms terms{.version = job.version,
                           .version_rolling_allowed = job.version_rolling_allowed,
                           .extranonce_size = terms_.extranonce_size,
                           .ntime_min = tip.min_ntime,
                           .ntime_max = ntime_max};
    if (auto refused = check_terms(terms, share)) {
        verdict.outcome = *refused;
        return;
    }
    verdict.outcome = judge_hash(verdict.hash, tip.network_target, active.target);
    if (verdict.outcome == Outcome::difficulty_too_low) return;
    // Remember only shares worth something, so worthless ones cannot fill the set. A worthless share sent
    // twice is "difficulty-too-low" twice.
    if (seen.insert(tip.prev_hash, verdict.hash) == Seen::duplicate) {
        verdict.outcome = Outcome::duplicate_share;
        return;
    }
    verdict.credited = bitcoin::meets(verdict.hash, active.target);
}

Verdict Channel::check(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen) {
    Verdict verdict;
    judge(share, ntime_max, now_ms, seen, verdict);
    if (!verdict.accepted() && verdict.job && !verdict.tip) verdict.tip = tip_;
    ++(verdict.accepted() ? accepted_count_ : rejected_count_);
    return verdict;
}

void Channel::on_durable(std::uint32_t sequence_number, std::uint64_t difficulty) {
    unacknowledged_.last_sequence_number = sequence_number;
    ++unacknowledged_.new_submits_accepted_count;
    // Saturates: the client displays the sum, so it must not wrap.
    unacknowledged_.new_shares_sum +=
        std::min(difficulty, ~std::uint64_t{0} - unacknowledged_.new_shares_sum);
}

std::optional<sv2::mining::SubmitSharesSuccess> Channel::take_acknowledgement() {
    if (unacknowledged_.new_submits_accepted_count == 0) return std::nullopt;
    auto out = unacknowledged_;
    out.channel_id = terms_.channel_id;
    unacknowledged_ = {};
    return out;
}

}  // namespace hp::mining
