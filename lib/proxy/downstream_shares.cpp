// A miner's shares: forwarded, refused here, and the pool's answers.
#include <algorithm>

#include "base/crash_point.hpp"
#include "bitcoin/merkle.hpp"
#include "log/log.hpp"
#include "mining/share.hpp"
#include "mining/whole_difficulty.hpp"
#include "proxy/downstream.hpp"

namespace hp::proxy {
namespace {

using wire::ShareRefusal;
using wire::word_of;

/// Shares without an answer, and answered ones whose quote may still be on its way.
constexpr std::size_t kOutstandingMax = 8192;

sv1::ErrorCode sv1_code(std::string_view reason) {
    const auto refusal = wire::share_refusal(reason);
    if (!refusal) return sv1::ErrorCode::other;
    switch (*refusal) {
        case ShareRefusal::stale_share:
        case ShareRefusal::invalid_job_id:
            return sv1::ErrorCode::job_not_found;
        case ShareRefusal::duplicate_share:
            return sv1::ErrorCode::duplicate;
        case ShareRefusal::difficulty_too_low:
            return sv1::ErrorCode::low_difficulty;
        case ShareRefusal::invalid_locking_key:
        case ShareRefusal::unauthorized:
            return sv1::ErrorCode::unauthorized;
        case ShareRefusal::not_subscribed:
            return sv1::ErrorCode::not_subscribed;
        default:
            return sv1::ErrorCode::other;
    }
}

/// Whether a refused share says something about its miner, rather than about the pool or the way there.
bool is_miners_fault(std::string_view reason) {
    return !reason.starts_with("pool-") && reason != word_of(ShareRefusal::too_many_outstanding);
}

}  // namespace

void Downstream::reject(std::string_view id, const Rejected& rejected) {
    const std::string_view reason = rejected.reason;
    const auto hash = rejected.what ? hash_of(*rejected.what) : std::nullopt;
    std::string text = rejected.because.empty() ? wire::refusal_text(reason)
                                                : std::string(reason) + ": " + std::string(rejected.because);
    // By this 'hp-quote explain' finds it.
    if (hash && rejected.was_sent)
        text += (text.size() > reason.size() ? "; share " : ": share ") + to_hex_reversed(*hash);
    sv1::append_error(out_, id, sv1_code(reason), text);
    // A block that the pool accepts but does not pay is not the miner's fault either: we asked for it.
    const bool was_asked_for = reason == word_of(ShareRefusal::difficulty_too_low) &&
                               difficulty_to_tell() < mining::told_difficulty(target_, {});
    if (is_miners_fault(reason) && !was_asked_for)
        budget_.on_invalid(proxy_->clock.steady_ms(), allowance_);
    else
        budget_.on_unjudged();
    tally_.on_rejected();
    if (rejected.worker) ++rejected.worker->shares_rejected;
    tell_rejected(rejected, hash);
}

void Downstream::handle(std::string_view id, const sv1::Submit& message) {
    HP_CRASH_POINT("Y1");
    if (!within_budget(id)) return;
    Worker* worker = workers_.find(message.worker);
    Submitted what{.nonce = message.nonce, .ntime = message.ntime, .extranonce2 = message.extranonce2};
    const auto refuse = [&](ShareRefusal reason, std::string_view because = {}) {
        reject(id, {word_of(reason), worker, &what, because});
    };
    if (wants_channel_ && !channel_id_)
        return refuse(ShareRefusal::pool_away, proxy_->outage.is_on()
                                                   ? std::string_view{}
                                                   : "no channel at the pool yet: this share does not count");
    if (!channel_id_) return refuse(ShareRefusal::not_subscribed);
    auto job = std::ranges::find_if(jobs_, [&](const Job& known) {
        return known.was_sent && std::to_string(known.job_id) == message.job_id;
    });
    if (job != jobs_.end()) {
        what.job_id = job->job_id;
        what.version = job->version;
    }
    if (!workers_.first()) return refuse(ShareRefusal::unauthorized, "mining.authorize must come first");
    if (!worker) return refuse(ShareRefusal::unauthorized);
    const bool is_channel_owner = worker->owner == channel_owner_;
    const bool can_name = proxy_->pool.pays_ehash();
    if (!is_channel_owner && !can_name)
        return refuse(ShareRefusal::unauthorized, "the pool has this connection for another owner");
    if (job == jobs_.end()) return refuse(ShareRefusal::invalid_job_id);
    if (message.extranonce2.size != extranonce2_size_) return refuse(ShareRefusal::bad_extranonce_size);
    std::uint32_t mask = job->version_rolling_allowed ? version_mask_ : 0;
    // If version rolling is off, the field may have any value.
    if (mask != 0 && message.version_bits_malformed) return refuse(ShareRefusal::invalid_version_bits);
    if (mask != 0 && message.version_bits) {
        if (!sv1::version_bits_allowed(job->version, mask, *message.version_bits))
            return refuse(ShareRefusal::invalid_version_bits);
        what.version = sv1::rolled_version(job->version, mask, *message.version_bits);
    }
    if (outstanding_.size() >= kOutstandingMax) {
        forget_answered();
        if (outstanding_.size() >= kOutstandingMax) return refuse(ShareRefusal::too_many_outstanding);
    }
    sv2::mining::SubmitSharesExtended share;
    share.channel_id = *channel_id_;
    share.sequence_number = next_sequence_number_++;
    share.job_id = what.job_id;
    share.nonce = what.nonce;
    share.ntime = what.ntime;
    share.version = what.version;
    share.extranonce = what.extranonce2;
    outstanding_.push_back(
        {share.sequence_number, worker, std::string(id), proxy_->clock.steady_ms(), work_hashes_, what});
    Naming naming;
    if (!is_channel_owner) naming.locking_key = &worker->owner;
    if (can_name && worker->name != channel_name_) naming.user_identity = worker->name;
    proxy_->pool.submit(share, naming);
}

Downstream::Outstanding* Downstream::find_outstanding(std::uint32_t sequence_number) {
    // Numbers count up by one and wrap; those in the queue are consecutive except for gaps left by forgotten
    // ones.
    for (auto& share : outstanding_)
        if (share.sequence_number == sequence_number) return &share;
    return nullptr;
}

void Downstream::forget_answered() {
    // Half of the answered ones, oldest first: their quotes, if any still come, are found by key.
    std::size_t left = outstanding_.size() / 2;
    std::erase_if(outstanding_,
                  [&](const Outstanding& share) { return share.is_answered && left > 0 && left--; });
}

void Downstream::on_accepted(std::uint32_t last_sequence_number) {
    if (!proxy_) return;
    HP_CRASH_POINT("Y3");
    connection_->prove(net::Standing::member);
    reopen_backoff_.reset();
    std::uint64_t count = 0;
    for (auto& share : outstanding_) {
        // Serial arithmetic, since numbers wrap: everything up to the given one.
        if (static_cast<std::int32_t>(share.sequence_number - last_sequence_number) > 0) break;
        if (share.is_answered) continue;
        share.is_answered = true;
        ++count;
        budget_.on_accepted();
        allowance_.on_accepted();
        sv1::append_true(out_, share.sv1_id);
        tally_.on_accepted(share.work_hashes, proxy_->clock.steady_ms());
        ++share.worker->shares_accepted;
        share.worker->work_hashes += share.work_hashes;
        proxy_->events.tell(records::MinerShareAccepted{miner_id_, share.worker->name,
                                                        proxy_->clock.steady_ms() - share.received_ms});
    }
    while (!outstanding_.empty() && may_forget(outstanding_.front())) outstanding_.pop_front();
    flush();
}

/// Nothing more comes for it, or it can be reported without this entry: all quotes of this connection belong
/// to one worker of the same foreign owner.
bool Downstream::may_forget(const Outstanding& share) const {
    return share.is_answered &&
           (!proxy_->pool.pays_ehash() || (workers_.all().size() == 1 && !share.worker->is_wallets));
}

void Downstream::on_rejected(std::uint32_t sequence_number, const std::string& code) {
    if (!proxy_) return;
    auto* share = find_outstanding(sequence_number);
    if (!share || share->is_answered) return;
    reject(share->sv1_id, {code, share->worker, &share->what, {}, true});
    std::erase_if(outstanding_,
                  [&](const Outstanding& known) { return known.sequence_number == sequence_number; });
    flush();
}

/// For the records, and for the log at debug.
void Downstream::tell_rejected(const Rejected& rejected, const std::optional<Bytes32>& hash) {
    const Worker* worker = rejected.worker;
    const std::string_view name = worker ? std::string_view(worker->name) : std::string_view();
    proxy_->events.share_rejected({.miner_id = miner_id_,
                                   .peer = connection_->peer(),
                                   .worker = name,
                                   .reason = rejected.reason,
                                   .locking_key = worker ? &worker->owner : nullptr,
                                   .share_hash = hash});
    static log::Limited note{log::Level::debug};
    if (log::enabled(log::Level::debug, log::module_of(__FILE__)))
        note.about(connection_->peer(), "miner {}: share of worker \"{}\" refused: {}; hash {}, owner {}",
                   connection_->peer(), printable(name, 80), wire::refusal_text(rejected.reason),
                   hash ? to_hex_reversed(*hash) : "unknown", worker ? to_hex(worker->owner) : "unknown");
}

/// If its job is still known.
std::optional<Bytes32> Downstream::hash_of(const Submitted& share) const {
    const auto job = std::ranges::find_if(
        jobs_, [&](const Job& known) { return known.was_sent && known.job_id == share.job_id; });
    if (job == jobs_.end() || share.extranonce2.size != extranonce2_size_) return {};
    const mining::CoinbaseMidstate midstate{job->coinbase_tx_prefix, extranonce1_};
    const Bytes32 root = bitcoin::merkle_root_from_path(
        midstate.txid(share.extranonce2.view(), job->coinbase_tx_suffix), job->merkle_path);
    return bitcoin::header_hash(
        mining::share_header({.nonce = share.nonce, .ntime = share.ntime, .version = share.version},
                             job->prev_hash, root, job->nbits));
}

}  // namespace hp::proxy
