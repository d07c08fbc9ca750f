// How operations end.
#include "base/crash_point.hpp"
#include "wallet/operations.hpp"

namespace hp::wallet {
namespace {

/// Refusals unrelated to the quotes: with other outputs the same quotes may be minted.
bool is_about_outputs(cashu::Code code) {
    return code == cashu::Code::keyset_unknown || code == cashu::Code::keyset_inactive ||
           code == cashu::Code::keyset_expired || code == cashu::Code::outputs_already_signed;
}

}  // namespace

Ended Operations::describe(const OpRow& row) {
    Ended out;
    out.is_done = row.state == OpState::done;
    out.kind = row.kind;
    out.reason = row.reason;
    for (const Output& output : vault_.outputs_of(row.id))
        if (row.kind != OpKind::send || output.is_for_token) out.amount += output.amount;
    for (const QuoteToMint& quote : vault_.quotes_of(row.id)) out.quote_ids.push_back(quote.id);
    if (auto token = vault_.token_of_op(row.id)) out.token = *token;
    return out;
}

Result<Ended> Operations::ended(std::int64_t op) {
    return vault_.transact([&]() -> Result<Ended> {
        auto row = vault_.op(op);
        if (!row) return fail(Errc::invalid, "there is no operation " + std::to_string(op));
        return describe(*row);
    });
}

Result<Ended> Operations::settle(std::int64_t op, std::span<const cashu::BlindSignature> signatures,
                                 const std::vector<std::string>& not_issued, UnixMs now) {
    HP_TRY(auto outputs,
           vault_.transact([&]() -> Result<std::vector<Output>> { return vault_.outputs_of(op); }));
    HP_TRY(auto proofs, keyring_.open_all(outputs, signatures));
    std::vector<cashu::PublicKey33> ys;
    for (const cashu::Proof& proof : proofs) ys.push_back(cashu::y_of(proof.secret));
    return vault_.transact([&]() -> Result<Ended> {
        auto row = vault_.op(op);
        if (!row) return fail(Errc::invalid, "there is no operation " + std::to_string(op));
        if (row->state != OpState::open) return describe(*row);
        std::optional<std::int64_t> token;
        if (row->kind == OpKind::send) {
            std::vector<cashu::Proof> for_token;
            std::uint64_t amount = 0;
            for (std::size_t i = 0; i < proofs.size(); ++i)
                if (outputs[i].is_for_token) {
                    for_token.push_back(proofs[i]);
                    amount += proofs[i].amount;
                }
            token = vault_.insert_token(amount, make_token(for_token, row->memo), op, now);
        }
        for (std::size_t i = 0; i < proofs.size(); ++i) {
            if (outputs[i].is_for_token)
                vault_.put_proof(ys[i], proofs[i], CoinState::reserved, token);
            else
                vault_.put_proof(ys[i], proofs[i], CoinState::unspent);
        }
        HP_CRASH_POINT("X7");
        vault_.inputs_are_spent(op);
        for (QuoteToMint& quote : vault_.quotes_of(op))
            if (std::find(not_issued.begin(), not_issued.end(), quote.id) != not_issued.end()) {
                ++quote.tries;
                vault_.release_quote(quote);
            }
        vault_.finish_quotes(op, now);
        vault_.end_op(op, OpState::done, {}, now);
        row->state = OpState::done;
        return describe(*row);
    });
}

void Operations::end_refused(std::int64_t op, const std::string& reason, Outputs outputs, UnixMs now) {
    vault_.end_op(op, OpState::refused, reason, now);
    if (outputs == Outputs::given_back)
        vault_.give_back_outputs(op);
    else
        vault_.look_again(op, now + look_first_ms_);
}

Result<std::vector<Operations::Parked>> Operations::refuse_mint(std::int64_t op, const Refusal& refusal,
                                                                UnixMs now) {
    return vault_.transact([&]() -> Result<std::vector<Parked>> {
        std::vector<Parked> parked;
        auto row = vault_.op(op);
        if (!row || row->state != OpState::open) return parked;
        auto quotes = vault_.quotes_of(op);
        if (refusal.outputs == Outputs::looked_for) vault_.remember_asked(op);
        for (QuoteToMint& quote : quotes) {
            // Its proofs may have been found by a later lookup while this operation was running.
            if (auto earlier = vault_.done_op_that_asked(quote.id)) {
                vault_.quote_is_done(quote.id, *earlier, now);
                continue;
            }
            bool is_tried_out = ++quote.tries >= kQuoteTriesMax;
            bool amount_differs = refusal.mintable && *refusal.mintable > 0 &&
                                  *refusal.mintable <= kAmountMax && *refusal.mintable != quote.amount;
            if (is_about_outputs(refusal.code) && !is_tried_out) {
                vault_.release_quote(quote);
            } else if (quotes.size() > 1) {
                quote.is_alone = true;
                vault_.release_quote(quote);
            } else if (amount_differs && !is_tried_out) {
                quote.amount = *refusal.mintable;
                vault_.release_quote(quote);
            } else {
                vault_.park_quote(quote.id, refusal.reason);
                parked.push_back({quote.id, refusal.reason});
            }
        }
        end_refused(op, refusal.reason, refusal.outputs, now);
        return parked;
    });
}

Result<> Operations::refuse_swap(std::int64_t op, const std::string& reason, const States& inputs,
                                 Outputs outputs, UnixMs now) {
    return vault_.transact([&]() -> Result<> {
        auto row = vault_.op(op);
        if (!row || row->state != OpState::open) return {};
        for (const auto& [y, state] : inputs)
            if (state == cashu::ProofState::spent) vault_.proof_is_spent(y);
        vault_.inputs_are_free(op);
        vault_.close_tokens();
        end_refused(op, reason, outputs, now);
        return {};
    });
}

Result<std::optional<Ended>> Operations::note_look(const Vault::Look& look, const Looked& looked,
                                                   UnixMs now) {
    return vault_.transact([&]() -> Result<std::optional<Ended>> {
        auto row = vault_.op(look.op);
        if (!row || row->state != OpState::refused || looked.outputs == 0) {
            vault_.note_look(look.op, std::nullopt);
            return std::nullopt;
        }
        if (looked.ys.size() < looked.outputs) {
            const UnixMs wait = std::min(kLookLongestMs, look_first_ms_ << std::min(look.looks + 1, 20u));
            vault_.note_look(look.op, look.looks + 1 < kLooksMax ? std::optional(now + wait) : std::nullopt);
            return std::nullopt;
        }
        vault_.note_look(look.op, std::nullopt);
        // Proofs spent elsewhere are missing here: then the quotes stay unchanged.
        const bool all_here =
            std::ranges::all_of(looked.ys, [&](const auto& y) { return vault_.state_of(y).has_value(); });
        if (row->kind != OpKind::mint || !all_here) return std::nullopt;
        std::uint64_t minted = 0, wanted = 0;
        for (const Output& output : vault_.outputs_of(look.op)) minted += output.amount;
        const auto quotes = vault_.unfinished_asked(look.op);
        for (const QuoteToMint& quote : quotes) wanted += quote.amount;
        vault_.end_op(look.op, OpState::done, {}, now);
        // If the amount was corrected since, part of these outputs belongs to another quote: left to the
        // lookup.
        if (wanted <= minted)
            for (const QuoteToMint& quote : quotes) vault_.quote_is_done(quote.id, look.op, now);
        row->state = OpState::done;
        return describe(*row);
    });
}

Result<> Operations::note_states(const States& states) {
    return vault_.transact([&]() -> Result<> {
        for (const auto& [y, state] : states)
            if (state == cashu::ProofState::spent && vault_.state_of(y) != CoinState::spending)
                vault_.proof_is_spent(y);
        vault_.close_tokens();
        return {};
    });
}

}  // namespace hp::wallet
