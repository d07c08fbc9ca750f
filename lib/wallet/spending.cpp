// Sending and receiving tokens, and restoring a wallet from its seed.
#include "base/crash_point.hpp"
#include "log/log.hpp"
#include "wallet/impl.hpp"

namespace hp::wallet {
namespace {

constexpr std::int64_t kAnswerLimitMs = 30'000;
constexpr std::int64_t kRestoreLimitMs = 6 * 3'600'000;
constexpr unsigned kTriesMax = 3;
/// Ys per request; mints accept at most 1000.
constexpr std::size_t kStatesBatch = 500;

const Error kLate{Errc::timeout, "the mint has not answered within 30 s",
                  "the operation is kept, and continues at the next start"};

/// After these refusals a retry makes a different request: keysets are read again, counters skipped, spent
/// proofs marked.
bool is_worth_another_try(const Ended& ended) {
    switch (ended.code) {
        case cashu::Code::keyset_unknown:
        case cashu::Code::keyset_inactive:
        case cashu::Code::keyset_expired:
        case cashu::Code::outputs_already_signed:
        case cashu::Code::already_spent:
            return true;
        default:
            return false;
    }
}

const Error kRestoreLate{Errc::timeout, "the restore has not finished within 6 hours",
                         "what was found is kept; restore again to continue"};

}  // namespace

// ---- send

void Wallet::Impl::send(std::uint64_t amount, const std::string& memo,
                        std::function<void(Result<std::string>)> done) {
    calls.ask<Result<std::string>>(
        kAnswerLimitMs, kLate, std::move(done),
        [this, amount, memo](CallPtr<Result<std::string>> asked) { try_send(amount, memo, 0, asked); });
}

void Wallet::Impl::try_send(std::uint64_t amount, const std::string& memo, unsigned tries,
                            CallPtr<Result<std::string>> asked) {
    auto swap = mint_view.is_ready() ? Operations::Swap::allowed : Operations::Swap::not_allowed;
    auto begun = operations.begin_send(amount, memo, swap, unix_ms_now());
    if (!begun) return asked->answer(fail(begun.error()));
    if (!begun->token.empty()) HP_CRASH_POINT("X10");
    if (!begun->token.empty()) return asked->answer(begun->token);
    if (!begun->op) return when_connected(asked, [=, this] { try_send(amount, memo, tries, asked); });
    auto go_on = [=, this, is_first_step = begun->is_consolidation](const Result<Ended>& ended) {
        look_if_idle();
        // Late: if a token was made, it is among tokens().
        if (asked->is_over()) return;
        if (!ended) return asked->answer(fail(ended.error()));
        if (ended->is_done && !is_first_step) HP_CRASH_POINT("X10");
        if (ended->is_done && !is_first_step) return asked->answer(ended->token);
        if (ended->is_done) return try_send(amount, memo, tries, asked);
        if (tries + 1 < kTriesMax && is_worth_another_try(*ended))
            return try_send(amount, memo, tries + 1, asked);
        asked->answer(fail(Errc::refused, ended->reason));
    };
    runner.run(*begun->op, OperationRunner::Sent::never, std::move(go_on));
}

// ---- receive

void Wallet::Impl::receive(const std::string& text, std::function<void(Result<std::uint64_t>)> done) {
    calls.ask<Result<std::uint64_t>>(
        kAnswerLimitMs, kLate, std::move(done), [this, text](CallPtr<Result<std::uint64_t>> asked) {
            auto token = read_token(text, options.unit);
            if (!token) return asked->answer(fail(token.error()));
            if (token->dleqs_dropped > 0)
                log::warn("the DLEQ of {} of the token's proofs lacks r, and proves nothing: ignored",
                          token->dleqs_dropped);
            if (mint_view.is_ready()) return try_receive(*token, 0, asked);
            connect([this, token = *token, asked](const Result<>& connected) {
                if (!connected) return asked->answer(fail(not_compared(token, connected.error())));
                if (!asked->is_over()) try_receive(token, 0, asked);
            });
        });
}

void Wallet::Impl::try_receive(const cashu::Token& token, unsigned tries,
                               CallPtr<Result<std::uint64_t>> asked) {
    cashu::Token resolved = token;
    const auto names = mint_names();
    if (!names) return asked->answer(fail(names.error()));
    auto result = resolve_for_mint(resolved, *names, mint_view.keyset_ids());
    if (result) return take_if_ours(resolved, *names, asked);
    if (tries > 0) return asked->answer(fail(result.error()));
    // The mint may have a newer keyset than the ones read.
    mint_view.refresh([=, this](const Result<>& refreshed) {
        if (!refreshed) return asked->answer(fail(refreshed.error()));
        if (!asked->is_over()) try_receive(token, tries + 1, asked);
    });
}

void Wallet::Impl::swap_in(const cashu::Token& token, unsigned tries, CallPtr<Result<std::uint64_t>> asked) {
    auto proofs = check_proofs(token, keyring);
    if (!proofs) return asked->answer(fail(proofs.error()));
    auto op = operations.begin_receive(*proofs, unix_ms_now());
    if (!op) return asked->answer(fail(op.error()));
    runner.run(*op, OperationRunner::Sent::never, [=, this](const Result<Ended>& ended) {
        look_if_idle();
        if (asked->is_over()) return;
        if (!ended) return asked->answer(fail(ended.error()));
        if (ended->is_done) return asked->answer(ended->amount);
        bool may_help = ended->code != cashu::Code::already_spent && is_worth_another_try(*ended);
        if (may_help && tries + 1 < kTriesMax) return swap_in(token, tries + 1, asked);
        asked->answer(fail(Errc::refused, ended->reason));
    });
}

void Wallet::Impl::reclaim(std::int64_t token_id, std::function<void(Result<std::uint64_t>)> done) {
    calls.ask<Result<std::uint64_t>>(
        kAnswerLimitMs, kLate, std::move(done), [this, token_id](CallPtr<Result<std::uint64_t>> asked) {
            when_connected(asked, [this, token_id, asked] { start_reclaim(token_id, asked); });
        });
}

void Wallet::Impl::start_reclaim(std::int64_t token_id, CallPtr<Result<std::uint64_t>> asked) {
    auto ys = vault.transact([&]() -> Result<std::vector<cashu::PublicKey33>> {
        if (!vault.token(token_id))
            return fail(Errc::refused, "there is no open token " + std::to_string(token_id),
                        "'hp-wallet tokens' lists them");
        return vault.proofs_of_token(token_id);
    });
    if (!ys) return asked->answer(fail(ys.error()));
    if (ys->empty()) return asked->answer(fail(Errc::refused, "the token is already being received"));
    mint->check_states(*ys, [this, token_id, asked, ys = *ys](Reply<std::vector<cashu::ProofState>> reply) {
        if (!reply) return asked->answer(fail(reply.error().error));
        if (asked->is_over()) return;
        States states;
        for (std::size_t i = 0; i < ys.size(); ++i) states.emplace_back(ys[i], (*reply)[i]);
        if (auto noted = operations.note_states(states); !noted) return asked->answer(fail(noted.error()));
        cashu::Token token{options.mint_url, options.unit, {}, {}};
        auto read = vault.transact([&]() -> Result<> {
            for (const auto& y : vault.proofs_of_token(token_id)) token.proofs.push_back(vault.proof(y));
            return {};
        });
        if (!read) return asked->answer(fail(read.error()));
        if (token.proofs.empty())
            return asked->answer(
                fail(Errc::refused, "token " + std::to_string(token_id) + " is already received"));
        swap_in(token, 0, asked);
    });
}

// ---- what became of tokens

void Wallet::Impl::check_tokens(std::function<void(Result<>)> done) {
    calls.ask<Result<>>(kAnswerLimitMs, kLate, std::move(done), [this](CallPtr<Result<>> asked) {
        when_connected(asked, [this, asked] {
            auto ys = std::make_shared<std::vector<cashu::PublicKey33>>();
            auto read = vault.transact([&]() -> Result<> {
                for (const CoinRow& row : vault.coins(CoinState::reserved)) ys->push_back(row.y);
                return {};
            });
            if (!read) return asked->answer(fail(read.error()));
            check_from(ys, asked);
        });
    });
}

void Wallet::Impl::check_from(std::shared_ptr<std::vector<cashu::PublicKey33>> ys, CallPtr<Result<>> asked) {
    if (ys->empty()) return asked->answer({});
    std::size_t count = std::min(ys->size(), kStatesBatch);
    std::vector<cashu::PublicKey33> batch(ys->end() - static_cast<std::ptrdiff_t>(count), ys->end());
    ys->resize(ys->size() - count);
    mint->check_states(batch, [this, ys, batch, asked](Reply<std::vector<cashu::ProofState>> reply) {
        if (!reply) return asked->answer(fail(reply.error().error));
        States states;
        for (std::size_t i = 0; i < batch.size(); ++i) states.emplace_back(batch[i], (*reply)[i]);
        if (auto noted = operations.note_states(states); !noted) return asked->answer(noted);
        check_from(ys, asked);
    });
}

// ---- restore

void Wallet::Impl::restore(std::uint64_t gap, std::function<void(Result<Restored>)> done) {
    calls.ask<Result<Restored>>(
        kRestoreLimitMs, kRestoreLate, std::move(done), [this, gap](CallPtr<Result<Restored>> asked) {
            when_connected(asked, [this, gap, asked] {
                restore_from(std::make_shared<std::vector<cashu::KeysetId>>(keyring.ids()), gap, {}, asked);
            });
        });
}

void Wallet::Impl::restore_from(std::shared_ptr<std::vector<cashu::KeysetId>> ids, std::uint64_t gap,
                                Restored so_far, CallPtr<Result<Restored>> asked) {
    if (asked->is_over()) return;
    if (ids->empty())
        return find_quotes([so_far, asked](const Result<std::size_t>& found) mutable {
            if (found)
                so_far.quotes_found = *found;
            else
                log::warn("cannot look up quotes: {}", found.error().what);
            asked->answer(so_far);
        });
    cashu::KeysetId id = ids->back();
    ids->pop_back();
    scanner.scan(id, 0, gap, 0, [=, this](const Reply<Scanner::Found>& found) {
        if (!found) return asked->answer(fail(found.error().error));
        Restored sum = so_far;
        sum.proofs += found->proofs;
        sum.keysets.push_back({id.hex(), found->next, found->looked_to});
        if (__builtin_add_overflow(so_far.amount, found->amount, &sum.amount))
            return asked->answer(fail(Errc::protocol, "the restored amounts sum to more than 2^64 - 1"));
        restore_from(ids, gap, sum, asked);
    });
}

}  // namespace hp::wallet
