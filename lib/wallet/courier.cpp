#include "wallet/courier.hpp"

#include "base/crash_point.hpp"
#include "cashu/nut03.hpp"
#include "crypto/random.hpp"
#include "log/log.hpp"

namespace hp::wallet {
namespace {

using Kind = MintFailure::Kind;

/// Answers that cannot be right, before the operation is put aside.
constexpr unsigned kGarbledMax = 5;
/// Between the operations that are asked again when the mint gives right answers.
constexpr std::int64_t kHurryMs = 50;

/// The mint is busy with the same thing; it will know more in a moment.
bool is_passing(cashu::Code code) {
    return code == cashu::Code::quote_pending || code == cashu::Code::inputs_pending ||
           code == cashu::Code::outputs_pending;
}

bool is_about_keysets(cashu::Code code) {
    return code == cashu::Code::keyset_unknown || code == cashu::Code::keyset_inactive ||
           code == cashu::Code::keyset_expired;
}

std::uint32_t random_u32() { return get_le<std::uint32_t>(crypto::random_array<4>().data()); }

/// One signature for each output, in their order; nothing unless all are there.
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
            "the wallet was stopped before the mint answered; the operation goes on at the next start",
            {}};
}

}  // namespace

void Courier::carry(std::int64_t op, Asked asked, OnEnd done) {
    if (is_stopped_) return done(fail(stopped()));
    auto& trip = trips_[op];
    if (trip) return trip->waiting.push_back(std::move(done));
    trip = std::make_shared<Trip>(loop_, retry_first_ms_);
    trip->op.id = op;
    trip->was_asked_before = asked == Asked::before;
    trip->waiting.push_back(std::move(done));
    attempt(TripPtr{trip});
}

std::size_t Courier::under_way() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(trips_, [](const auto& one) { return !one.second->is_aside; }));
}

void Courier::stop() {
    is_stopped_ = true;
    for (const auto& trip : std::map{trips_})
        if (trip.second->is_waiting_for_retry) end(trip.second, fail(stopped()));
}

void Courier::attempt(const TripPtr& trip) {
    trip->is_waiting_for_retry = false;
    // Read each time: another process may have ended it.
    auto row = vault_.transact([&]() -> Result<std::optional<OpRow>> { return vault_.op(trip->op.id); });
    if (!row) return retry(trip, row.error());
    if (!*row) return end(trip, fail(Errc::invalid, "there is no operation " + std::to_string(trip->op.id)));
    trip->op = **std::move(row);
    if (trip->op.state != OpState::open) return end(trip, operations_.ended(trip->op.id));
    HP_CRASH_POINT("X4");
    mint_.sign(trip->op.path, trip->op.body, [this, trip](Reply<std::vector<cashu::BlindSignature>> reply) {
        on_answer(trip, std::move(reply));
    });
}

void Courier::retry(const TripPtr& trip, const Error& why) {
    if (is_stopped_) return end(trip, fail(stopped()));
    trip->was_asked_before = true;
    net::Backoff& backoff = trip->is_aside ? trip->aside_backoff : trip->backoff;
    std::int64_t delay_ms = backoff.next_ms(random_u32());
    log::warn("{}; operation {} is tried again in {} ms", why.what, trip->op.id, delay_ms);
    trip->is_waiting_for_retry = true;
    // The timer is the trip's own: a strong pointer in its call would keep both for ever.
    trip->again.after(delay_ms, [this, weak = std::weak_ptr{trip}] {
        if (auto self = weak.lock()) attempt(self);
    });
}

void Courier::on_answer(const TripPtr& trip, Reply<std::vector<cashu::BlindSignature>> reply) {
    if (reply) HP_CRASH_POINT("X6");
    if (reply) return settle(trip, *reply, {});
    const MintFailure& failure = reply.error();
    if (failure.kind == Kind::away || (failure.kind == Kind::refused && is_passing(failure.code)))
        return retry(trip, failure.error);
    if (failure.kind == Kind::garbled) return on_garbled(trip, failure);
    recover(trip, failure);
}

/// Neither yes nor no. What is put aside looks at once whether the signatures are to be had otherwise.
void Courier::on_garbled(const TripPtr& trip, const MintFailure& failure) {
    if (++trip->garbled_answers < kGarbledMax) return retry(trip, failure.error);
    recover(trip, failure);
}

void Courier::settle(const TripPtr& trip, const std::vector<cashu::BlindSignature>& signatures,
                     const std::vector<std::string>& not_issued) {
    auto settled = operations_.settle(trip->op.id, signatures, not_issued, unix_ms_now());
    if (settled) HP_CRASH_POINT("X8");
    if (settled) return end(trip, std::move(settled));
    // Disk full: nothing is lost, the mint gives the same answer again.
    if (settled.error().code == Errc::io) return retry(trip, settled.error());
    if (on_wrong) on_wrong(settled.error().what);
    on_garbled(trip, {Kind::garbled, cashu::Code::unspecified, settled.error()});
}

/// Signatures that NUT-09 gave. There is nothing more to ask for where these are wrong too.
void Courier::settle_found(const TripPtr& trip, const std::vector<cashu::BlindSignature>& signatures,
                           const std::vector<std::string>& not_issued) {
    auto settled = operations_.settle(trip->op.id, signatures, not_issued, unix_ms_now());
    if (settled) return end(trip, std::move(settled));
    if (settled.error().code == Errc::io) return retry(trip, settled.error());
    if (on_wrong) on_wrong(settled.error().what);
    put_aside(trip, settled.error());
}

void Courier::put_aside(const TripPtr& trip, const Error& why) {
    trip->is_aside = true;
    auto waiting = std::exchange(trip->waiting, {});
    retry(trip, why);
    const Error kept{Errc::protocol, why.what,
                     "what was asked for is kept, and the mint is asked again until it gives an answer"};
    for (auto& done : waiting) done(fail(kept));
}

void Courier::hurry() {
    std::int64_t delay_ms = 0;
    for (const auto& [id, trip] : trips_) {
        if (!trip->is_aside || !trip->is_waiting_for_retry) continue;
        trip->aside_backoff.reset();
        trip->again.after(delay_ms += kHurryMs, [this, weak = std::weak_ptr{trip}] {
            if (auto self = weak.lock()) attempt(self);
        });
    }
}

/// An earlier attempt may have been served and its answer lost, whatever this answer says: look before giving
/// up.
void Courier::recover(const TripPtr& trip, const MintFailure& refusal) {
    auto outputs =
        vault_.transact([&]() -> Result<std::vector<Output>> { return vault_.outputs_of(trip->op.id); });
    if (!outputs) return retry(trip, outputs.error());
    cashu::RestoreRequest request{to_messages(*outputs)};
    mint_.restore(request,
                  [this, trip, refusal, outputs = *std::move(outputs)](Reply<cashu::RestoreResponse> reply) {
                      on_restored(trip, refusal, outputs, reply);
                  });
}

void Courier::on_restored(const TripPtr& trip, const MintFailure& refusal, const std::vector<Output>& outputs,
                          const Reply<cashu::RestoreResponse>& reply) {
    if (!reply && reply.error().kind == Kind::away) return retry(trip, reply.error().error);
    if (reply) {
        if (auto signatures = in_order(outputs, *reply))
            return settle_restored(trip, refusal, *std::move(signatures));
    }
    const bool none_signed = reply && reply->outputs.empty();
    if (refusal.kind != Kind::refused) {
        if (!none_signed) return put_aside(trip, refusal.error);
        return judge_garbled(trip, refusal);
    }
    if (refusal.code == cashu::Code::outputs_already_signed && !outputs.empty())
        return pass_over(trip, refusal, outputs);
    // Already issued: to whom, if not for these outputs? That is looked into later.
    const bool is_clear = none_signed && !trip->was_asked_before &&
                          refusal.code != cashu::Code::outputs_already_signed &&
                          refusal.code != cashu::Code::quote_already_issued;
    refuse(trip, refusal, is_clear ? Fate::given_back : Fate::looked_for);
}

/// The answers are nonsense, but the mint says elsewhere that nothing has been signed. Where it also says
/// that the quotes are open still (and the inputs unspent), the operation has not happened. A batch ends, so
/// that each of its quotes can be tried alone; a quote that is alone has nothing else to try.
void Courier::judge_garbled(const TripPtr& trip, const MintFailure& failure) {
    if (trip->op.kind != OpKind::mint) return judge_garbled_swap(trip, failure);
    auto ended = operations_.ended(trip->op.id);
    if (!ended) return retry(trip, ended.error());
    if (ended->quote_ids.size() < 2) return put_aside(trip, failure.error);
    mint_.check_quotes(ended->quote_ids, [this, trip, failure](Reply<std::vector<cashu::Quote>> quotes) {
        const bool all_open = quotes && std::ranges::all_of(*quotes, [](const cashu::Quote& quote) {
                                  return quote.mintable() > 0;
                              });
        if (!all_open) return put_aside(trip, failure.error);
        refuse(trip, failure, Fate::looked_for);
    });
}

void Courier::judge_garbled_swap(const TripPtr& trip, const MintFailure& failure) {
    auto request = cashu::swap_request_from_json(trip->op.body);
    if (!request) return put_aside(trip, failure.error);
    std::vector<cashu::PublicKey33> inputs;
    for (const cashu::Proof& proof : request->inputs) inputs.push_back(cashu::y_of(proof.secret));
    mint_.check_states(inputs, [this, trip, failure](Reply<std::vector<cashu::ProofState>> states) {
        const bool all_unspent = states && std::ranges::all_of(*states, [](cashu::ProofState state) {
                                     return state == cashu::ProofState::unspent;
                                 });
        if (!all_unspent) return put_aside(trip, failure.error);
        refuse(trip, failure, Fate::looked_for);
    });
}

/// The mint has signed some of these outputs for somebody else with this seed: what is theirs to have is
/// taken in, theirs and behind, and the next try uses other counters.
void Courier::pass_over(const TripPtr& trip, const MintFailure& refusal, const std::vector<Output>& outputs) {
    log::warn(
        "the mint has signed outputs of this seed that this wallet never asked for: another wallet with the "
        "same seed is in use; its counters are passed over");
    auto go_on = [this, trip, refusal](const Reply<Scanner::Found>& found) {
        if (!found && found.error().kind == Kind::away) return retry(trip, found.error().error);
        refuse(trip, refusal, Fate::looked_for);
    };
    std::uint64_t behind = 0;
    for (const Output& output : outputs) behind = std::max(behind, output.counter + 1);
    scanner_.take(
        outputs, trip->op.id,
        [this, trip, go_on, behind, id = outputs.front().keyset](const Reply<Scanner::Found>& found) {
            if (!found) return go_on(found);
            scanner_.scan(id, behind, kScanBatch, trip->op.id, go_on);
        });
}

void Courier::settle_restored(const TripPtr& trip, const MintFailure& refusal,
                              std::vector<cashu::BlindSignature> signatures) {
    if (refusal.code != cashu::Code::outputs_already_signed) return settle_found(trip, signatures, {});
    if (trip->op.kind != OpKind::mint) return settle_restored_swap(trip, refusal, std::move(signatures));
    // The same outputs may have been signed for another wallet's quotes: ours are minted again where the mint
    // has them open still.
    auto ended = operations_.ended(trip->op.id);
    if (!ended) return retry(trip, ended.error());
    mint_.check_quotes(ended->quote_ids, [this, trip, signatures](Reply<std::vector<cashu::Quote>> quotes) {
        if (!quotes && quotes.error().kind == Kind::away) return retry(trip, quotes.error().error);
        std::vector<std::string> not_issued;
        if (quotes)
            for (const cashu::Quote& quote : *quotes)
                if (quote.mintable() > 0) not_issued.push_back(quote.id);
        settle_found(trip, signatures, not_issued);
    });
}

/// The same outputs may have been signed for another wallet's swap: ours has happened if the mint says that
/// our inputs are spent, and only then.
void Courier::settle_restored_swap(const TripPtr& trip, const MintFailure& refusal,
                                   std::vector<cashu::BlindSignature> signatures) {
    // From the request itself: the proofs of a token that is being received are in no row of ours.
    auto request = cashu::swap_request_from_json(trip->op.body);
    if (!request) return refuse(trip, refusal, Fate::looked_for);
    std::vector<cashu::PublicKey33> inputs;
    for (const cashu::Proof& proof : request->inputs) inputs.push_back(cashu::y_of(proof.secret));
    mint_.check_states(inputs, [this, trip, refusal, signatures = std::move(signatures)](
                                   Reply<std::vector<cashu::ProofState>> reply) {
        // Without the mint's word on them neither end is right.
        if (!reply) return retry(trip, reply.error().error);
        const bool is_ours = std::ranges::all_of(
            *reply, [](cashu::ProofState state) { return state == cashu::ProofState::spent; });
        if (is_ours) return settle_found(trip, signatures, {});
        log::warn(
            "the mint signed the outputs of a swap for another wallet with the same seed; its inputs stay "
            "ours");
        refuse(trip, refusal, Fate::looked_for);
    });
}

void Courier::refuse(const TripPtr& trip, const MintFailure& refusal, Fate outputs) {
    auto write = [this, trip, refusal, outputs] {
        if (trip->op.kind == OpKind::mint)
            refuse_mint(trip, refusal, outputs);
        else
            refuse_swap(trip, refusal, outputs);
    };
    if (refusal.kind != Kind::refused || !is_about_keysets(refusal.code)) return write();
    session_.refresh([this, trip, write](Result<> refreshed) {
        if (!refreshed) return retry(trip, refreshed.error());
        write();
    });
}

void Courier::refuse_mint(const TripPtr& trip, const MintFailure& refusal, Fate outputs) {
    auto ended = operations_.ended(trip->op.id);
    if (!ended) return retry(trip, ended.error());
    Operations::Refusal written{refusal.code, refusal.error.what, std::nullopt, outputs};
    if (refusal.code != cashu::Code::not_balanced || ended->quote_ids.size() != 1)
        return write_mint_refusal(trip, written);
    // The pool said another amount than the mint has: the mint's counts.
    mint_.check_quotes(ended->quote_ids,
                       [this, trip, written](Reply<std::vector<cashu::Quote>> quotes) mutable {
                           if (!quotes && quotes.error().kind == Kind::away)
                               return retry(trip, quotes.error().error);
                           if (quotes) written.mintable = quotes->front().mintable();
                           write_mint_refusal(trip, written);
                       });
}

void Courier::write_mint_refusal(const TripPtr& trip, const Operations::Refusal& refusal) {
    auto parked = operations_.refuse_mint(trip->op.id, refusal, unix_ms_now());
    if (!parked) return retry(trip, parked.error());
    for (const auto& quote : *parked)
        if (on_parked) on_parked(quote);
    auto ended = operations_.ended(trip->op.id);
    if (ended) ended->code = refusal.code;
    end(trip, std::move(ended));
}

void Courier::refuse_swap(const TripPtr& trip, const MintFailure& refusal, Fate outputs) {
    auto inputs = vault_.transact(
        [&]() -> Result<std::vector<cashu::PublicKey33>> { return vault_.inputs_of(trip->op.id); });
    if (!inputs) return retry(trip, inputs.error());
    auto write = [this, trip, refusal, outputs](const States& states) {
        auto written =
            operations_.refuse_swap(trip->op.id, refusal.error.what, states, outputs, unix_ms_now());
        if (!written) return retry(trip, written.error());
        auto ended = operations_.ended(trip->op.id);
        if (ended) ended->code = refusal.code;
        end(trip, std::move(ended));
    };
    if (inputs->empty()) return write({});
    mint_.check_states(*inputs,
                       [this, trip, write, ys = *inputs](Reply<std::vector<cashu::ProofState>> reply) {
                           // Without the mint's word on them the inputs cannot be called free.
                           if (!reply) return retry(trip, reply.error().error);
                           States states;
                           for (std::size_t i = 0; i < ys.size(); ++i)
                               states.emplace_back(ys[i], (*reply)[i]);
                           write(states);
                       });
}

void Courier::end(const TripPtr& trip, Result<Ended> ended) {
    trips_.erase(trip->op.id);
    trip->is_waiting_for_retry = false;
    trip->again.cancel();
    auto waiting = std::exchange(trip->waiting, {});
    for (auto& done : waiting) done(ended);
    if (ended && trip->is_aside && on_late_end) on_late_end(*ended);
    if (ended && ended->is_done) hurry();
}

}  // namespace hp::wallet
