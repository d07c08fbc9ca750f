// How operations begin.
#include "wallet/operations.hpp"

#include "base/crash_point.hpp"
#include "base/utf8.hpp"
#include "cashu/nut03.hpp"
#include "cashu/nut20.hpp"
#include "cashu/nut29.hpp"
#include "crypto/random.hpp"

namespace hp::wallet {
namespace {

constexpr std::size_t kMemoSizeMax = 1024;
/// Maximum proofs in a token made without a swap.
constexpr std::size_t kTokenProofsMax = 24;

std::vector<Output> wanted(const std::vector<std::uint64_t>& amounts, bool is_for_token) {
    std::vector<Output> out;
    for (std::uint64_t amount : amounts) {
        out.push_back({});
        out.back().amount = amount;
        out.back().is_for_token = is_for_token;
    }
    return out;
}

}  // namespace

Result<const cashu::Keyset*> Operations::active_keyset(UnixMs now) const {
    if (const cashu::Keyset* keyset = keyring_.active(now / 1000)) return keyset;
    return fail(Errc::refused, "the mint has no active keyset of unit '" + unit_ + "'");
}

/// Counters for the wanted amounts. They count as used until the request is known to be refused.
Result<std::vector<Output>> Operations::make_outputs(const cashu::Keyset& keyset,
                                                     std::vector<Output> outputs) {
    HP_TRY(auto counters, vault_.take_counters(keyset.id, outputs.size()));
    HP_CRASH_POINT("X3");
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        bool is_for_token = outputs[i].is_for_token;
        HP_TRY(outputs[i], keyring_.output(keyset.id, counters[i], outputs[i].amount));
        outputs[i].is_for_token = is_for_token;
    }
    return outputs;
}

// ---- mint

/// The quotes of the next request. Parks a quote if the keyset cannot make up its amount.
Result<std::vector<QuoteToMint>> Operations::choose_quotes(const cashu::Keyset& keyset,
                                                           std::size_t quotes_max) {
    while (true) {
        std::vector<QuoteToMint> chosen;
        std::uint64_t sum = 0;
        for (QuoteToMint& quote : vault_.next_quotes(quotes_max)) {
            std::string problem;
            if (quote.amount == 0 || quote.amount > kAmountMax)
                problem = "its amount is " + std::to_string(quote.amount);
            else if (auto parts = split_for(keyset.keys, quote.amount, cashu::kOutputsMax); !parts)
                problem = parts.error().what;
            if (!problem.empty()) {
                vault_.park_quote(quote.id, problem);
                continue;
            }
            if (quote.amount > kAmountMax - sum ||
                !split_for(keyset.keys, sum + quote.amount, cashu::kOutputsMax))
                break;
            sum += quote.amount;
            chosen.push_back(std::move(quote));
        }
        // Only if a whole batch was parked is there more to look at.
        if (!chosen.empty() || vault_.open_quote_count() == 0) return chosen;
    }
}

std::string Operations::sign(const std::string& quote_id,
                             std::span<const cashu::BlindedMessage> outputs) const {
    return to_hex(cashu::sign_mint(lock_key_, quote_id, outputs, crypto::random_array<32>()));
}

void Operations::write_mint_request(std::int64_t op, const std::vector<QuoteToMint>& quotes,
                                    std::span<const Output> outputs) {
    auto messages = to_messages(outputs);
    if (quotes.size() == 1) {
        cashu::MintRequest request{quotes.front().id, messages, sign(quotes.front().id, messages)};
        return vault_.set_request(op, "/v1/mint/ehash", cashu::to_json(request));
    }
    cashu::BatchMintRequest request;
    request.quote_amounts.emplace();
    for (const QuoteToMint& quote : quotes) {
        request.quotes.push_back(quote.id);
        request.quote_amounts->push_back(quote.amount);
        request.signatures.emplace_back(sign(quote.id, messages));
    }
    request.outputs = std::move(messages);
    vault_.set_request(op, "/v1/mint/ehash/batch", cashu::to_json(request));
}

Result<std::optional<std::int64_t>> Operations::begin_mint(const std::vector<NewQuote>& incoming,
                                                           std::size_t quotes_max, UnixMs now) {
    HP_ASSERT(quotes_max > 0);
    return vault_.transact([&]() -> Result<std::optional<std::int64_t>> {
        for (const NewQuote& quote : incoming) vault_.add_quote(quote.id, quote.amount, now);
        if (!incoming.empty()) HP_CRASH_POINT("X2");
        HP_TRY(auto keyset, active_keyset(now));
        HP_TRY(auto quotes, choose_quotes(*keyset, quotes_max));
        if (quotes.empty()) return std::nullopt;
        std::uint64_t sum = 0;
        for (const QuoteToMint& quote : quotes) sum += quote.amount;  // at most 2^62, see choose_quotes
        HP_TRY(auto amounts, split_for(keyset->keys, sum, cashu::kOutputsMax));
        HP_TRY(auto outputs, make_outputs(*keyset, wanted(amounts, false)));
        std::int64_t op = vault_.insert_op(OpKind::mint, {}, now);
        vault_.insert_outputs(op, outputs);
        for (const QuoteToMint& quote : quotes) vault_.claim_quote(quote.id, op);
        write_mint_request(op, quotes, outputs);
        return op;
    });
}

Result<> Operations::add_quotes(const std::vector<NewQuote>& incoming, UnixMs now) {
    return vault_.transact([&]() -> Result<> {
        for (const NewQuote& quote : incoming) vault_.add_quote(quote.id, quote.amount, now);
        HP_CRASH_POINT("X2");
        return {};
    });
}

// ---- swaps

Operations::Chosen Operations::spendable() {
    Chosen out;
    for (CoinRow& row : vault_.coins(CoinState::unspent)) {
        const cashu::Keyset* keyset = keyring_.find(row.keyset);
        if (!keyset) continue;
        out.coins.push_back({row.amount, keyset->input_fee_ppk});
        out.rows.push_back(std::move(row));
    }
    return out;
}

std::string Operations::make_token(const std::vector<cashu::Proof>& proofs, const std::string& memo) const {
    const std::string told = vault_.token_url();
    cashu::Token token{told.empty() ? mint_url_ : told, unit_, {}, proofs};
    if (!memo.empty()) token.memo = memo;
    return cashu::encode_token(token);
}

Result<std::int64_t> Operations::write_swap(OpKind kind, const std::string& memo,
                                            const std::vector<cashu::Proof>& inputs,
                                            std::vector<Output> outputs, UnixMs now) {
    HP_TRY(auto keyset, active_keyset(now));
    // Ordered by amount, so that the mint cannot tell the token from the change.
    std::stable_sort(outputs.begin(), outputs.end(),
                     [](const Output& a, const Output& b) { return a.amount < b.amount; });
    HP_TRY(outputs, make_outputs(*keyset, std::move(outputs)));
    std::int64_t op = vault_.insert_op(kind, memo, now);
    vault_.insert_outputs(op, outputs);
    for (const cashu::Proof& input : inputs) vault_.spend_in(cashu::y_of(input.secret), op);
    if (kind == OpKind::send) HP_CRASH_POINT("X9");
    vault_.set_request(op, "/v1/swap", cashu::to_json(cashu::SwapRequest{inputs, to_messages(outputs)}));
    return op;
}

Result<std::int64_t> Operations::begin_fewer(const Chosen& all, std::span<const std::size_t> coins,
                                             std::uint64_t net, UnixMs now) {
    HP_TRY(auto keyset, active_keyset(now));
    HP_TRY(auto amounts, split_for(keyset->keys, net, cashu::kOutputsMax));
    if (amounts.size() >= coins.size())
        return fail(Errc::refused, "the mint's keyset has no larger amounts to consolidate into");
    std::vector<cashu::Proof> inputs;
    for (std::size_t index : coins) inputs.push_back(vault_.proof(all.rows[index].y));
    return write_swap(OpKind::consolidate, {}, inputs, wanted(amounts, false), now);
}

Result<Operations::Sending> Operations::begin_send(std::uint64_t amount, const std::string& memo, Swap swap,
                                                   UnixMs now) {
    if (amount == 0 || amount > kAmountMax)
        return fail(Errc::usage, "the amount is " + std::to_string(amount) + ", allowed: 1 to 2^62");
    if (memo.size() > kMemoSizeMax || !is_utf8(memo))
        return fail(Errc::usage,
                    "the memo is not UTF-8 of at most " + std::to_string(kMemoSizeMax) + " bytes");
    return vault_.transact([&]() -> Result<Sending> {
        Chosen all = spendable();
        auto exact = choose_exact(all.coins, amount);
        // A token is text that people copy: consolidate many small proofs first if the mint swaps for free.
        bool is_long = exact && exact->size() > kTokenProofsMax;
        bool swaps_are_free =
            std::ranges::all_of(all.coins, [](const Coin& coin) { return coin.input_fee_ppk == 0; });
        if (exact && !(is_long && swaps_are_free && swap == Swap::allowed)) {
            std::vector<cashu::Proof> proofs;
            for (std::size_t index : *exact) proofs.push_back(vault_.proof(all.rows[index].y));
            Sending out;
            out.token = make_token(proofs, memo);
            std::int64_t token = vault_.insert_token(amount, out.token, std::nullopt, now);
            for (std::size_t index : *exact) vault_.proof_is_reserved(all.rows[index].y, token);
            HP_CRASH_POINT("X9");
            return out;
        }
        auto chosen = choose_for_swap(all.coins, amount);
        if (!chosen && chosen.error().code != Errc::stopped) return fail(chosen.error());
        if (swap == Swap::not_allowed) return Sending{};
        if (!chosen) {
            auto fewer = choose_smallest(all.coins, kInputsMax);
            if (!fewer) return fail(Errc::refused, chosen.error().what + ", and fees use them up");
            HP_TRY(auto op, begin_fewer(all, fewer->coins, fewer->sum - fewer->fee, now));
            return Sending{{}, op, true};
        }
        HP_TRY(auto keyset, active_keyset(now));
        HP_TRY(auto amounts, split_for(keyset->keys, amount, cashu::kOutputsMax));
        HP_TRY(auto change, split_for(keyset->keys, chosen->sum - chosen->fee - amount,
                                      cashu::kOutputsMax - amounts.size()));
        auto outputs = wanted(amounts, true);
        for (const Output& output : wanted(change, false)) outputs.push_back(output);
        std::vector<cashu::Proof> inputs;
        for (std::size_t index : chosen->coins) inputs.push_back(vault_.proof(all.rows[index].y));
        HP_TRY(auto op, write_swap(OpKind::send, memo, inputs, std::move(outputs), now));
        return Sending{{}, op, false};
    });
}

Result<std::int64_t> Operations::begin_receive(const std::vector<cashu::Proof>& proofs, UnixMs now) {
    return vault_.transact([&]() -> Result<std::int64_t> {
        std::vector<Coin> coins;
        for (std::size_t i = 0; i < proofs.size(); ++i) {
            const cashu::Keyset* keyset = keyring_.find(proofs[i].id);
            HP_ASSERT(keyset);  // checked by check_token
            coins.push_back({proofs[i].amount, keyset->input_fee_ppk});
            auto state = vault_.state_of(cashu::y_of(proofs[i].secret));
            std::string which = "proof " + std::to_string(i) + " of the token ";
            if (state == CoinState::spent) return fail(Errc::refused, which + "is already spent");
            if (state == CoinState::spending)
                return fail(Errc::refused, which + "is already being received", "wait for the mint's answer");
        }
        auto sum = cashu::sum_amounts(proofs);
        auto fee = fee_of(coins);
        if (!sum || *sum > kAmountMax) return fail(Errc::refused, "the token's sum is above 2^62");
        if (!fee || *fee >= *sum)
            return fail(Errc::refused,
                        "the token is worth " + std::to_string(*sum) + ", which does not exceed the fee");
        HP_TRY(auto keyset, active_keyset(now));
        HP_TRY(auto amounts, split_for(keyset->keys, *sum - *fee, cashu::kOutputsMax));
        return write_swap(OpKind::receive, {}, proofs, wanted(amounts, false), now);
    });
}

Result<std::optional<std::int64_t>> Operations::begin_consolidation(std::size_t coins_min, UnixMs now) {
    return vault_.transact([&]() -> Result<std::optional<std::int64_t>> {
        if (vault_.coin_count(CoinState::unspent) < coins_min) return std::nullopt;
        Chosen all = spendable();
        auto fewer = choose_smallest(all.coins, kInputsMax);
        if (!fewer) return std::nullopt;
        HP_TRY(auto op, begin_fewer(all, fewer->coins, fewer->sum - fewer->fee, now));
        return op;
    });
}

}  // namespace hp::wallet
