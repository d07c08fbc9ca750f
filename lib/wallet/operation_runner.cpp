#include "wallet/operation_runner.hpp"

#include "base/crash_point.hpp"
#include "cashu/nut03.hpp"
#include "crypto/random.hpp"
#include "log/log.hpp"

namespace hp::wallet {
namespace {

using Kind = MintFailure::Kind;

/// Invalid answers before the operation is put aside.
constexpr unsigned kGarbledMax = 5;
/// Between the operations that are retried once the mint gives valid answers.
constexpr std::int64_t kHurryMs = 50;

/// The mint is processing the same request; it will have the result in a moment.
bool is_passing(cashu::Code code) {
    return code == cashu::Code::quote_pending || code == cashu::Code::inputs_pending ||
           code == cashu::Code::outputs_pending;
}

bool is_about_keysets(cashu::Code code) {
    return code == cashu::Code::keyset_unknown || code == cashu::Code::keyset_inactive ||
           code == cashu::Code::keyset_expired;
}

/// One signature per output, in their order; nothing unless all are there.
std::optional<std::vector<cashu::BlindSignature>> in_order(const std::vector<Output>& outputs,
                                                           const cashu::RestoreResponse& response) {
    std::vector<cashu::BlindSignature> out;
    for (const Output& output : outputs)
        for (std::size_t i = 0; i < response.outputs.size(); ++i)
            if (response.outputs[i].B_ == output.B_ && response.signatures[i].amount == output.amount) {
                out.push_back(response.signatures[i]);
                break;
            }
    if (out.size() != outputs.size()) return std::nullopt;
    return out;
}

Error stopped() {
    return {Errc::stopped,
            "the wallet was stopped before the mint answered; the operation continues at the next start",
            {}};
}

}  // namespace

void OperationRunner::run(std::int64_t op, Sent sent, OnEnd done) {
    if (is_stopped_) return done(fail(stopped()));
    auto& attempt = attempts_[op];
    if (attempt) return attempt->waiting.push_back(std::move(done));
    attempt = std::make_shared<Attempt>(loop_, retry_first_ms_);
    attempt->op.id = op;
    attempt->was_asked_before = sent == Sent::before;
    attempt->waiting.push_back(std::move(done));
    ask(AttemptPtr{attempt});
}

std::size_t OperationRunner::under_way() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(attempts_, [](const auto& one) { return !one.second->is_aside; }));
}

void OperationRunner::stop() {
    is_stopped_ = true;
    for (const auto& attempt : std::map{attempts_})
        if (attempt.second->is_waiting_for_retry) end(attempt.second, fail(stopped()));
}

void OperationRunner::ask(const AttemptPtr& attempt) {
    attempt->is_waiting_for_retry = false;
    // Read every time: another process may have ended it.
    auto row = vault_.transact([&]() -> Result<std::optional<OpRow>> { return vault_.op(attempt->op.id); });
    if (!row) return retry(attempt, row.error());
    if (!*row)
        return end(attempt, fail(Errc::invalid, "there is no operation " + std::to_string(attempt->op.id)));
    attempt->op = **std::move(row);
    if (attempt->op.state != OpState::open) return end(attempt, operations_.ended(attempt->op.id));
    HP_CRASH_POINT("X4");
    mint_.sign(attempt->op.path, attempt->op.body,
               [this, attempt](Reply<std::vector<cashu::BlindSignature>> reply) {
                   on_answer(attempt, std::move(reply));
               });
}

void OperationRunner::retry(const AttemptPtr& attempt, const Error& why) {
    if (is_stopped_) return end(attempt, fail(stopped()));
    attempt->was_asked_before = true;
    net::Backoff& backoff = attempt->is_aside ? attempt->aside_backoff : attempt->backoff;
    std::int64_t delay_ms = backoff.next_ms(crypto::random_u32());
    log::warn("{}; retrying operation {} in {} ms", why.what, attempt->op.id, delay_ms);
    attempt->is_waiting_for_retry = true;
    // The timer belongs to the attempt: a strong pointer in its callback would keep both alive for ever.
    attempt->again.after(delay_ms, [this, weak = std::weak_ptr{attempt}] {
        if (auto self = weak.lock()) ask(self);
    });
}

void OperationRunner::on_answer(const AttemptPtr& attempt, Reply<std::vector<cashu::BlindSignature>> reply) {
    if (reply) HP_CRASH_POINT("X6");
    if (reply) return settle(attempt, *reply, {});
    const MintFailure& failure = reply.error();
    if (failure.kind == Kind::away || (failure.kind == Kind::refused && is_passing(failure.code)))
        return retry(attempt, failure.error);
    if (failure.kind == Kind::garbled) return on_garbled(attempt, failure);
    recover(attempt, failure);
}

/// Neither yes nor no. If it is put aside, check at once whether the signatures can be had otherwise.
void OperationRunner::on_garbled(const AttemptPtr& attempt, const MintFailure& failure) {
    if (++attempt->garbled_answers < kGarbledMax) return retry(attempt, failure.error);
    recover(attempt, failure);
}

void OperationRunner::settle(const AttemptPtr& attempt, const std::vector<cashu::BlindSignature>& signatures,
                             const std::vector<std::string>& not_issued) {
    auto settled = operations_.settle(attempt->op.id, signatures, not_issued, unix_ms_now());
    if (settled) HP_CRASH_POINT("X8");
    if (settled) return end(attempt, std::move(settled));
    // Disk full: nothing is lost, the mint gives the same answer again.
    if (settled.error().code == Errc::io) return retry(attempt, settled.error());
    if (on_wrong) on_wrong(settled.error().what);
    on_garbled(attempt, {Kind::garbled, cashu::Code::unspecified, settled.error()});
}

/// Signatures from NUT-09. If these are wrong too, there is nothing more to ask for.
void OperationRunner::settle_found(const AttemptPtr& attempt,
                                   const std::vector<cashu::BlindSignature>& signatures,
                                   const std::vector<std::string>& not_issued) {
    auto settled = operations_.settle(attempt->op.id, signatures, not_issued, unix_ms_now());
    if (settled) return end(attempt, std::move(settled));
    if (settled.error().code == Errc::io) return retry(attempt, settled.error());
    if (on_wrong) on_wrong(settled.error().what);
    put_aside(attempt, settled.error());
}

void OperationRunner::put_aside(const AttemptPtr& attempt, const Error& why) {
    attempt->is_aside = true;
    auto waiting = std::exchange(attempt->waiting, {});
    retry(attempt, why);
    const Error kept{Errc::protocol, why.what,
                     "the operation is kept, and the mint is asked again until it answers"};
    for (auto& done : waiting) done(fail(kept));
}

void OperationRunner::hurry() {
    std::int64_t delay_ms = 0;
    for (const auto& [id, attempt] : attempts_) {
        if (!attempt->is_aside || !attempt->is_waiting_for_retry) continue;
        attempt->aside_backoff.reset();
        attempt->again.after(delay_ms += kHurryMs, [this, weak = std::weak_ptr{attempt}] {
            if (auto self = weak.lock()) ask(self);
        });
    }
}

/// Whatever this answer says, an earlier attempt may have succeeded and its answer been lost: look before
/// giving up.
void OperationRunner::recover(const AttemptPtr& attempt, const MintFailure& refusal) {
    auto outputs =
        vault_.transact([&]() -> Result<std::vector<Output>> { return vault_.outputs_of(attempt->op.id); });
    if (!outputs) return retry(attempt, outputs.error());
    cashu::RestoreRequest request{to_messages(*outputs)};
    mint_.restore(
        request, [this, attempt, refusal, outputs = *std::move(outputs)](
                     Reply<cashu::RestoreResponse> reply) { on_restored(attempt, refusal, outputs, reply); });
}

void OperationRunner::on_restored(const AttemptPtr& attempt, const MintFailure& refusal,
                                  const std::vector<Output>& outputs,
                                  const Reply<cashu::RestoreResponse>& reply) {
    if (!reply && reply.error().kind == Kind::away) return retry(attempt, reply.error().error);
    if (reply) {
        if (auto signatures = in_order(outputs, *reply))
            return settle_restored(attempt, refusal, *std::move(signatures));
    }
    const bool none_signed = reply && reply->outputs.empty();
    if (refusal.kind != Kind::refused) {
        if (!none_signed) return put_aside(attempt, refusal.error);
        return judge_garbled(attempt, refusal);
    }
    if (refusal.code == cashu::Code::outputs_already_signed && !outputs.empty())
        return pass_over(attempt, refusal, outputs);
    // Already issued: to whom, if not for these outputs? That is checked later.
    const bool is_clear = none_signed && !attempt->was_asked_before &&
                          refusal.code != cashu::Code::outputs_already_signed &&
                          refusal.code != cashu::Code::quote_already_issued;
    refuse(attempt, refusal, is_clear ? Fate::given_back : Fate::looked_for);
}

/// The answers are invalid, but the mint says elsewhere that nothing was signed. If it also says that the
/// quotes are still open (and the inputs unspent), the operation has not happened. A batch is ended, so that
/// each of its quotes can be tried alone; for a single quote there is nothing else to try.
void OperationRunner::judge_garbled(const AttemptPtr& attempt, const MintFailure& failure) {
    if (attempt->op.kind != OpKind::mint) return judge_garbled_swap(attempt, failure);
    auto ended = operations_.ended(attempt->op.id);
    if (!ended) return retry(attempt, ended.error());
    if (ended->quote_ids.size() < 2) return put_aside(attempt, failure.error);
    mint_.check_quotes(ended->quote_ids, [this, attempt, failure](Reply<std::vector<cashu::Quote>> quotes) {
        const bool all_open = quotes && std::ranges::all_of(*quotes, [](const cashu::Quote& quote) {
                                  return quote.mintable() > 0;
                              });
        if (!all_open) return put_aside(attempt, failure.error);
        refuse(attempt, failure, Fate::looked_for);
    });
}

void OperationRunner::judge_garbled_swap(const AttemptPtr& attempt, const MintFailure& failure) {
    auto request = cashu::swap_request_from_json(attempt->op.body);
    if (!request) return put_aside(attempt, failure.error);
    std::vector<cashu::PublicKey33> inputs;
    for (const cashu::Proof& proof : request->inputs) inputs.push_back(cashu::y_of(proof.secret));
    mint_.check_states(inputs, [this, attempt, failure](Reply<std::vector<cashu::ProofState>> states) {
        const bool all_unspent = states && std::ranges::all_of(*states, [](cashu::ProofState state) {
                                     return state == cashu::ProofState::unspent;
                                 });
        if (!all_unspent) return put_aside(attempt, failure.error);
        refuse(attempt, failure, Fate::looked_for);
    });
}

/// The mint has signed some of these outputs for another user of this seed: store all proofs found there and
/// beyond, and use other counters for the next attempt.
void OperationRunner::pass_over(const AttemptPtr& attempt, const MintFailure& refusal,
                                const std::vector<Output>& outputs) {
    log::warn(
        "the mint has signed outputs of this seed that this wallet never requested: another wallet with the "
        "same seed is in use; skipping its counters");
    auto go_on = [this, attempt, refusal](const Reply<Scanner::Found>& found) {
        if (!found && found.error().kind == Kind::away) return retry(attempt, found.error().error);
        refuse(attempt, refusal, Fate::looked_for);
    };
    std::uint64_t behind = 0;
    for (const Output& output : outputs) behind = std::max(behind, output.counter + 1);
    scanner_.take(
        outputs, attempt->op.id,
        [this, attempt, go_on, behind, id = outputs.front().keyset](const Reply<Scanner::Found>& found) {
            if (!found) return go_on(found);
            scanner_.scan(id, behind, kScanBatch, attempt->op.id, go_on);
        });
}

void OperationRunner::settle_restored(const AttemptPtr& attempt, const MintFailure& refusal,
                                      std::vector<cashu::BlindSignature> signatures) {
    if (refusal.code != cashu::Code::outputs_already_signed) return settle_found(attempt, signatures, {});
    if (attempt->op.kind != OpKind::mint)
        return settle_restored_swap(attempt, refusal, std::move(signatures));
    // The same outputs may have been signed for another wallet's quotes: mint ours again if the mint still
    // has them open.
    auto ended = operations_.ended(attempt->op.id);
    if (!ended) return retry(attempt, ended.error());
    mint_.check_quotes(ended->quote_ids,
                       [this, attempt, signatures](Reply<std::vector<cashu::Quote>> quotes) {
                           if (!quotes && quotes.error().kind == Kind::away)
                               return retry(attempt, quotes.error().error);
                           std::vector<std::string> not_issued;
                           if (quotes)
                               for (const cashu::Quote& quote : *quotes)
                                   if (quote.mintable() > 0) not_issued.push_back(quote.id);
                           settle_found(attempt, signatures, not_issued);
                       });
}

/// The same outputs may have been signed for another wallet's swap: ours has happened if the mint says that
/// our inputs are spent, and only then.
void OperationRunner::settle_restored_swap(const AttemptPtr& attempt, const MintFailure& refusal,
                                           std::vector<cashu::BlindSignature> signatures) {
    // From the request itself: the proofs of a token being received are not in our database.
    auto request = cashu::swap_request_from_json(attempt->op.body);
    if (!request) return refuse(attempt, refusal, Fate::looked_for);
    std::vector<cashu::PublicKey33> inputs;
    for (const cashu::Proof& proof : request->inputs) inputs.push_back(cashu::y_of(proof.secret));
    mint_.check_states(inputs, [this, attempt, refusal, signatures = std::move(signatures)](
                                   Reply<std::vector<cashu::ProofState>> reply) {
        // Without the mint's answer about them, neither outcome can be assumed.
        if (!reply) return retry(attempt, reply.error().error);
        const bool is_ours = std::ranges::all_of(
            *reply, [](cashu::ProofState state) { return state == cashu::ProofState::spent; });
        if (is_ours) return settle_found(attempt, signatures, {});
        log::warn(
            "the mint signed the outputs of a swap for another wallet with the same seed; its inputs remain "
            "ours");
        refuse(attempt, refusal, Fate::looked_for);
    });
}

void OperationRunner::refuse(const AttemptPtr& attempt, const MintFailure& refusal, Fate outputs) {
    auto write = [this, attempt, refusal, outputs] {
        if (attempt->op.kind == OpKind::mint)
            refuse_mint(attempt, refusal, outputs);
        else
            refuse_swap(attempt, refusal, outputs);
    };
    if (refusal.kind != Kind::refused || !is_about_keysets(refusal.code)) return write();
    mint_view_.refresh([this, attempt, write](Result<> refreshed) {
        if (!refreshed) return retry(attempt, refreshed.error());
        write();
    });
}

void OperationRunner::refuse_mint(const AttemptPtr& attempt, const MintFailure& refusal, Fate outputs) {
    auto ended = operations_.ended(attempt->op.id);
    if (!ended) return retry(attempt, ended.error());
    Operations::Refusal written{refusal.code, refusal.error.what, std::nullopt, outputs};
    if (refusal.code != cashu::Code::not_balanced || ended->quote_ids.size() != 1)
        return write_mint_refusal(attempt, written);
    // If pool and mint disagree on the amount, the mint's counts.
    mint_.check_quotes(ended->quote_ids,
                       [this, attempt, written](Reply<std::vector<cashu::Quote>> quotes) mutable {
                           if (!quotes && quotes.error().kind == Kind::away)
                               return retry(attempt, quotes.error().error);
                           if (quotes) written.mintable = quotes->front().mintable();
                           write_mint_refusal(attempt, written);
                       });
}

void OperationRunner::write_mint_refusal(const AttemptPtr& attempt, const Operations::Refusal& refusal) {
    auto parked = operations_.refuse_mint(attempt->op.id, refusal, unix_ms_now());
    if (!parked) return retry(attempt, parked.error());
    for (const auto& quote : *parked)
        if (on_parked) on_parked(quote);
    auto ended = operations_.ended(attempt->op.id);
    if (ended) ended->code = refusal.code;
    end(attempt, std::move(ended));
}

void OperationRunner::refuse_swap(const AttemptPtr& attempt, const MintFailure& refusal, Fate outputs) {
    auto inputs = vault_.transact(
        [&]() -> Result<std::vector<cashu::PublicKey33>> { return vault_.inputs_of(attempt->op.id); });
    if (!inputs) return retry(attempt, inputs.error());
    auto write = [this, attempt, refusal, outputs](const States& states) {
        auto written =
            operations_.refuse_swap(attempt->op.id, refusal.error.what, states, outputs, unix_ms_now());
        if (!written) return retry(attempt, written.error());
        auto ended = operations_.ended(attempt->op.id);
        if (ended) ended->code = refusal.code;
        end(attempt, std::move(ended));
    };
    if (inputs->empty()) return write({});
    mint_.check_states(*inputs,
                       [this, attempt, write, ys = *inputs](Reply<std::vector<cashu::ProofState>> reply) {
                           // Without the mint's answer about them the inputs cannot be released.
                           if (!reply) return retry(attempt, reply.error().error);
                           States states;
                           for (std::size_t i = 0; i < ys.size(); ++i)
                               states.emplace_back(ys[i], (*reply)[i]);
                           write(states);
                       });
}

void OperationRunner::end(const AttemptPtr& attempt, Result<Ended> ended) {
    attempts_.erase(attempt->op.id);
    attempt->is_waiting_for_retry = false;
    attempt->again.cancel();
    auto waiting = std::exchange(attempt->waiting, {});
    for (auto& done : waiting) done(ended);
    if (ended && attempt->is_aside && on_late_end) on_late_end(*ended);
    if (ended && ended->is_done) hurry();
}

}  // namespace hp::wallet
