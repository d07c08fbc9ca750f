// The shares of one connection: checked, stored, and answered once they are on disk.
#include "base/crash_point.hpp"
#include "ehash/owner.hpp"
#include "log/log.hpp"
#include "pool/miner_session.hpp"
#include "sv2/ehash.hpp"
#include "sv2/extensions.hpp"

namespace hp::pool {

namespace msg = sv2::mining;
using wire::ShareRefusal;

namespace {

/// The pool's part and the miner's.
wire::B0_32 whole_extranonce(const mining::Verdict& verdict, ByteView extranonce) {
    wire::B0_32 out = verdict.extranonce_prefix;
    HP_ASSERT(out.size + extranonce.size() <= out.bytes.size());
    std::ranges::copy(extranonce, out.bytes.begin() + out.size);
    out.size = static_cast<std::uint8_t>(out.size + extranonce.size());
    return out;
}

}  // namespace

Result<> MinerSession::on(const sv2::Decoded<msg::SubmitSharesStandard>& decoded) {
    const auto& [channel_id, sequence_number, job_id, nonce, ntime, version] = decoded.message;
    return judge({channel_id, sequence_number, job_id, nonce, ntime, version, {}}, decoded.rest);
}

Result<> MinerSession::on(const sv2::Decoded<msg::SubmitSharesExtended>& decoded) {
    return judge(decoded.message, decoded.rest);
}

Result<> MinerSession::judge(const msg::SubmitSharesExtended& submit, ByteView tlv_bytes) {
    auto* const found = channel_of(submit.channel_id);
    if (!found) return on_stray(submit);
    ChannelState& state = *found;
    if (!within_budget(state, submit)) return {};
    HP_TRY(const auto tlvs, ehash::owner_tlvs(tlv_bytes, ehash_negotiated_));
    std::optional<ByteView> tracked_name;
    if (names_workers_ && state.channel.kind() == mining::ChannelKind::extended) {
        HP_TRY(tracked_name, sv2::find_tlv(tlv_bytes, sv2::extensions::kWorkerTracking,
                                           sv2::extensions::kUserIdentityField));
    }
    const ShareOwner owner = owner_of(state, tlvs, tracked_name);
    auto now_ms = pool_->clock.unix_ms();
    auto steady_ms = pool_->clock.steady_ms();
    mining::Share share{submit.job_id, submit.nonce, submit.ntime, submit.version, submit.extranonce.view()};
    auto ntime_max = static_cast<std::uint32_t>(now_ms / 1000 + mining::kNtimeAheadMax);
    mining::Verdict verdict = state.channel.check(share, ntime_max, steady_ms, pool_->seen);
    const auto refuse = [&](ShareRefusal reason) {
        mining::RefusedShare refused = described(submit);
        refused.worker = owner.worker;
        refused.locking_key = owner.fault ? std::nullopt : std::optional{owner.locking_key};
        refused.ntime_max = ntime_max;
        refused.hash = verdict.hash;
        refused.job = verdict.job;
        refused.tip = verdict.tip ? verdict.tip : state.channel.tip();
        refused.extranonce_prefix = verdict.extranonce_prefix;
        refused.target = verdict.credited_target;
        refuse_share(std::move(refused), reason);
        return Result<>{};
    };

    // A block goes out before anything else: it must not depend on the ehash side (I22).
    if (verdict.is_block()) {
        pool_->shares.submit_block(verdict, submit, owner.worker);
        state.tally.on_block();
    }
    const bool is_good = (verdict.accepted() || verdict.is_block()) && !owner.fault;
    if (is_good)
        state.budget.on_accepted();
    else if (verdict.is_excused)
        state.budget.on_unjudged();
    else
        state.budget.on_invalid(steady_ms, allowance_);
    if (!verdict.accepted()) {
        if (is_good) allowance_.on_accepted();
        return refuse(verdict.refusal());
    }
    NewIntent intent{{verdict.header, verdict.hash, verdict.credited_target, 0, owner.locking_key},
                     std::string(owner.worker),
                     now_ms,
                     owner.mint,
                     verdict.job,
                     whole_extranonce(verdict, submit.extranonce.view())};
    if (owner.fault) {
        // It may be sent again with a valid key; then it must not count as a duplicate.
        pool_->shares.forget(intent.intent);
        return refuse(*owner.fault);
    }
    HP_CRASH_POINT("P1");
    state.vardiff.on_share(verdict.credited_target, steady_ms);
    intent.intent.amount = amount_of(state, verdict);
    // Only with the leading_zeros rule: a share below its minimum is worth nothing.
    if (intent.intent.amount == 0) return refuse(ShareRefusal::difficulty_too_low);
    if (!pool_->shares.enqueue(
            {weak_from_this(), submit.channel_id, submit.sequence_number, verdict.difficulty, steady_ms},
            std::move(intent)))
        return refuse(ShareRefusal::pool_overloaded);
    // Only now: a share that may be sent again must pay for others only once.
    allowance_.on_accepted();
    return {};
}

MinerSession::ChannelState* MinerSession::channel_of(std::uint32_t channel_id) {
    if (!recent_ || recent_->first != channel_id) {
        const auto it = channels_.find(channel_id);
        if (it == channels_.end()) return nullptr;
        recent_ = &*it;
    }
    return &recent_->second;
}

void MinerSession::erase_channel(std::uint32_t channel_id) {
    recent_ = nullptr;
    channels_.erase(channel_id);
}

std::string_view MinerSession::clean(std::string_view name) {
    return ehash::is_worker_name(name) ? name : std::string_view(clean_name_ = ehash::worker_name(name));
}

MinerSession::ShareOwner MinerSession::owner_of(const ChannelState& state, const ehash::OwnerTlvs& tlvs,
                                                const std::optional<ByteView>& tracked_name) {
    ShareOwner out{.worker = state.worker, .locking_key = state.locking_key, .mint = state.mint};
    if (tlvs.user_identity)
        out.worker = clean(*tlvs.user_identity);
    else if (tracked_name)
        out.worker = clean(as_text(*tracked_name));
    const auto named = ehash::named_owner(tlvs, pool_->known_keys);
    if (!named) out.fault = ShareRefusal::invalid_locking_key;
    if (named && *named && **named != state.locking_key) {
        out.locking_key = **named;
        out.mint = pool_->shares.route(out.locking_key);
    }
    if (tracked_name && tracked_name->size() > sv2::extensions::kUserIdentitySizeMax)
        out.fault = ShareRefusal::invalid_user_identity;
    // The channel's owner is not whom the miner means, unless that has this key or the share names a whole
    // one.
    const auto cut = tracked_name ? ehash::cut_key(as_text(*tracked_name)) : std::nullopt;
    if (cut && named && !*named && !std::ranges::equal(*cut, ByteView{state.locking_key}.first(cut->size())))
        out.fault = ShareRefusal::invalid_locking_key;
    return out;
}

std::uint64_t MinerSession::amount_of(ChannelState& state, const mining::Verdict& verdict) const {
    const auto& valuation = pool_->terms.valuation;
    if (valuation.rule != ehash::Valuation::Rule::target)
        return valuation.amount(verdict.hash, verdict.credited_target);
    if (state.valued_amount == 0 || state.valued_target != verdict.credited_target) {
        state.valued_target = verdict.credited_target;
        state.valued_amount = valuation.amount(verdict.hash, verdict.credited_target);
    }
    return state.valued_amount;
}

mining::RefusedShare MinerSession::described(const msg::SubmitSharesExtended& submit) const {
    mining::RefusedShare out{.channel_id = submit.channel_id,
                             .sequence_number = submit.sequence_number,
                             .job_id = submit.job_id,
                             .nonce = submit.nonce,
                             .ntime = submit.ntime,
                             .version = submit.version,
                             .extranonce = submit.extranonce};
    if (const auto it = channels_.find(submit.channel_id); it != channels_.end()) {
        out.worker = it->second.worker;
        out.locking_key = it->second.locking_key;
        out.extranonce_size = it->second.channel.extranonce_size();
    }
    return out;
}

void MinerSession::refuse_share(mining::RefusedShare share, ShareRefusal reason) {
    send(msg::SubmitSharesError{share.channel_id, share.sequence_number, {std::string(word_of(reason))}});
    share.reason = reason;
    share.at_ms = pool_->clock.unix_ms();
    share.peer = connection_->peer();
    share.connection_id = connection_id_;
    pool_->events.share_rejected(share);
    static log::Limited note{log::Level::debug};
    if (log::enabled(log::Level::debug, log::module_of(__FILE__)))
        note.about(share.peer, "miner {}: share {} of worker \"{}\" refused: {}: {}; hash {}, owner {}",
                   share.peer, share.sequence_number, printable(share.worker, 80), word_of(reason),
                   mining::detail_of(share), share.is_hashed() ? to_hex_reversed(share.hash) : "unknown",
                   share.locking_key ? to_hex(*share.locking_key) : "unknown");
    if (const auto it = channels_.find(share.channel_id); it != channels_.end()) {
        it->second.tally.on_rejected();
        count_worker(it->second, share.worker, std::nullopt);
    }
    if (keeps_record_of(share)) pool_->keep_refused(std::move(share));
}

/// By names that its shares give, once one gives another than the channel's.
void MinerSession::count_worker(ChannelState& state, std::string_view worker,
                                std::optional<double> accepted_work) {
    if (!state.workers) {
        if (worker == state.worker) return;
        state.workers = std::make_unique<mining::WorkerTallies>();
    }
    state.workers->count(worker, accepted_work, pool_->clock.steady_ms());
}

void MinerSession::on_share_durable(std::uint32_t channel_id, std::uint32_t sequence_number,
                                    std::string_view worker, std::uint64_t difficulty, double work_hashes) {
    auto* const state = channel_of(channel_id);
    if (!pool_ || !state) return;
    state->channel.on_durable(sequence_number, difficulty);
    if (!std::exchange(is_earning_, true)) connection_->prove(net::Standing::member);
    if (!std::exchange(state->has_earned, true)) allowance_.give_back_opening();
    pool_->places.on_accepted_share(connection_id_);
    const SteadyMs now = pool_->clock.steady_ms();
    state->tally.on_accepted(work_hashes, now);
    count_worker(*state, worker, work_hashes);
    if (std::exchange(state->has_unacknowledged, true)) return;
    state->unacknowledged_since_ms = now;
    unacknowledged_.push_back(channel_id);
}

void MinerSession::on_share_refused(std::uint32_t channel_id, std::uint32_t sequence_number,
                                    const NewIntent& intent, ShareRefusal reason) {
    if (!pool_) return;
    refuse_share({.worker = intent.worker,
                  .locking_key = intent.intent.locking_key,
                  .channel_id = channel_id,
                  .sequence_number = sequence_number,
                  .hash = intent.intent.share_hash},
                 reason);
}

void MinerSession::acknowledge() {
    if (!pool_) return;
    const SteadyMs now = pool_->clock.steady_ms();
    const auto& terms = pool_->terms;
    std::optional<SteadyMs> due;
    std::erase_if(unacknowledged_, [&](std::uint32_t channel_id) {
        auto* const found = channel_of(channel_id);
        if (!found) return true;
        ChannelState& state = *found;
        const SteadyMs until = state.unacknowledged_since_ms + terms.ack_batch_ms;
        if (state.channel.unacknowledged() < terms.ack_batch && now < until) {
            due = std::min(due.value_or(until), until);
            return false;
        }
        send_acknowledgement(state);
        return true;
    });
    if (due) ack_due_.after(*due - now, [this] { acknowledge(); });
}

void MinerSession::acknowledge_all() {
    for (std::uint32_t channel_id : unacknowledged_)
        if (auto* state = channel_of(channel_id)) send_acknowledgement(*state);
    unacknowledged_.clear();
}

void MinerSession::send_acknowledgement(ChannelState& state) {
    state.has_unacknowledged = false;
    if (auto success = state.channel.take_acknowledgement()) {
        HP_CRASH_AFTER_WRITE("P5");
        send(*success);
        HP_CRASH_POINT("P4");
    }
}

}  // namespace hp::pool
