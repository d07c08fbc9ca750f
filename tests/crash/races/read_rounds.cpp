// Readers during writes: they see all of a transaction, or nothing of it.
#include <atomic>

#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "sides.hpp"

namespace hp::crash {
namespace {

/// A reader's view, and how much of it has happened.
struct View {
    std::string path, body;
    /// How many of `whole` things are done.
    std::function<std::optional<std::size_t>(const std::string& answer)> done;
    std::size_t whole{};
};

/// What one reader saw, in order: how much was done at each look.
struct Reader {
    std::size_t looks{0}, before{0};
    std::string wrong{};
};

View view_of_outputs(std::span<const Output> outputs) {
    return {"/v1/restore", cashu::to_json(cashu::RestoreRequest{messages(outputs)}),
            [](const std::string& answer) -> std::optional<std::size_t> {
                auto restored = cashu::restore_response_from_json(answer);
                if (!restored) return {};
                return restored->signatures.size();
            },
            outputs.size()};
}
View view_of_inputs(std::span<const cashu::Proof> coins) {
    cashu::CheckStateRequest request;
    for (const auto& coin : coins) request.Ys.push_back(cashu::y_of(coin.secret));
    return {"/v1/checkstate", cashu::to_json(request),
            [](const std::string& answer) -> std::optional<std::size_t> {
                auto states = cashu::states_from_json(answer);
                if (!states) return {};
                return static_cast<std::size_t>(std::ranges::count_if(
                    *states, [](const auto& one) { return one.state == cashu::ProofState::spent; }));
            },
            coins.size()};
}
View view_of_quotes(std::span<const MintHouse::NewQuote> quotes) {
    cashu::CheckQuotesRequest request;
    std::size_t whole = 0;
    for (const auto& quote : quotes) {
        request.quotes.push_back(quote.id);
        whole += quote.amount;
    }
    return {"/v1/mint/quote/ehash/check", cashu::to_json(request),
            [](const std::string& answer) -> std::optional<std::size_t> {
                auto found = cashu::quotes_from_json(answer);
                if (!found) return {};
                std::size_t issued = 0;
                for (const auto& quote : *found) issued += quote.amount_issued;
                return issued;
            },
            whole};
}

/// Looks at all views in turn, until one look at each has begun after the writer had its answer.
void read(MintHouse& house, std::size_t thread, std::span<const View> views, const std::atomic<bool>& is_done,
          Reader& reader) {
    bool was_seen = false;
    for (std::size_t last = 0; last < views.size();) {
        const View& view = views[reader.looks++ % views.size()];
        bool must_be_there = is_done.load();
        auto reply = house.ask(thread, "POST", view.path, view.body);
        auto done = reply.is_granted() ? view.done(reply.body) : std::nullopt;
        if (!done) {
            reader.wrong = "a reader was refused: " + describe(reply);
        } else if (*done != 0 && *done != view.whole) {
            reader.wrong = "half a transaction is seen: " + std::to_string(*done) + " of " +
                           std::to_string(view.whole) + " by " + view.path;
        } else if (*done == 0 && was_seen) {
            reader.wrong = "what was seen is gone again: " + view.path;
        } else if (*done == 0 && must_be_there) {
            reader.wrong = "what was answered is not seen: " + view.path;
        }
        if (!reader.wrong.empty()) return;
        was_seen = *done != 0;
        reader.before += !was_seen;
        last += must_be_there;
    }
}

}  // namespace

/// One writes (a batch or a swap), all others read: quotes or inputs, and outputs.
Outcome race_readers(MintHouse& house, Rng& rng, Crew& crew) {
    Request request;
    std::vector<View> views;
    if (rng.chance(1, 2)) {
        std::vector<MintHouse::NewQuote> quotes;
        for (int i = 0; i < 3; ++i) quotes.push_back(house.new_quote(1 + rng.below(60)));
        request = house.batch_request(quotes);
        views.push_back(view_of_quotes(quotes));
    } else {
        auto coins = house.take_coins(2, 3);
        request = house.swap_request(coins);
        views.push_back(view_of_inputs(coins));
    }
    views.push_back(view_of_outputs(request.outputs));
    std::atomic<bool> is_done{false};
    Reply reply;
    std::vector<Reader> readers(crew.size());
    crew.race(
        rng,
        [&](std::size_t thread) {
            if (thread > 0) return read(house, thread, views, is_done, readers[thread]);
            reply = house.post(thread, request);
            is_done = true;
        },
        house.mischief(rng));
    if (!reply.is_granted()) return wrong("the writer was refused: " + describe(reply));
    Outcome outcome{1, house.granted(request, reply.body)};
    for (const Reader& reader : readers) {
        if (reader.before > 0) outcome.winner = 0;
        if (outcome.wrong.empty()) outcome.wrong = reader.wrong;
    }
    return outcome;
}

}  // namespace hp::crash
