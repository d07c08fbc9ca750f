#include "sides.hpp"

#include "cashu/nut07.hpp"

namespace hp::crash {

std::string describe(const Reply& reply) {
    if (int code = reply.code()) return "code " + std::to_string(code);
    return std::to_string(reply.status) + " " + reply.body.substr(0, 200);
}

std::vector<Reply> send_at_once(MintHouse& house, Rng& rng, Crew& crew, std::span<const Request> requests) {
    HP_ASSERT(requests.size() <= crew.size());
    std::vector<Reply> replies(crew.size());
    crew.race(
        rng,
        [&](std::size_t thread) { replies[thread] = house.post(thread, requests[thread % requests.size()]); },
        house.mischief(rng));
    return replies;
}

Outcome one_wins(MintHouse& house, std::span<const Request> requests, std::span<const Reply> replies,
                 cashu::Code refusal) {
    Outcome outcome;
    const Reply* first = nullptr;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        if (!replies[i].is_granted()) continue;
        std::size_t side = i % requests.size();
        if (!first) {
            first = &replies[i];
            outcome.winner = side;
        } else if (side != outcome.winner) {
            return wrong("two of the sides were granted");
        } else if (replies[i].body != first->body) {
            return wrong("the same request got two answers");
        }
    }
    if (!first) return wrong("nobody was granted: " + describe(replies.front()));
    for (std::size_t i = 0; i < replies.size(); ++i)
        if (i % requests.size() == outcome.winner ? !replies[i].is_granted()
                                                  : replies[i].code() != static_cast<int>(refusal))
            return wrong("not the right refusal: " + describe(replies[i]));
    outcome.wrong = house.granted(requests[outcome.winner], first->body);
    return outcome;
}

std::string check_issued(MintHouse& house, const MintHouse::NewQuote& quote, std::uint64_t issued) {
    auto now = house.quote(quote.id);
    if (now.amount_issued == issued && now.amount_paid == quote.amount) return {};
    return "a quote of " + std::to_string(quote.amount) + " has issued " + std::to_string(now.amount_issued) +
           " of " + std::to_string(now.amount_paid) + ", not " + std::to_string(issued);
}

std::string check_states(MintHouse& house, std::span<const cashu::Proof> coins, cashu::ProofState state) {
    if (coins.empty()) return {};
    cashu::CheckStateRequest request;
    for (const auto& coin : coins) request.Ys.push_back(cashu::y_of(coin.secret));
    auto reply = house.ask(0, "POST", "/v1/checkstate", cashu::to_json(request));
    auto states = cashu::states_from_json(reply.body);
    if (!states || states->size() != coins.size()) return "checkstate: " + describe(reply);
    for (const auto& one : *states)
        if (one.state != state)
            return "an input is " + std::string(cashu::text(one.state)) + ", not " +
                   std::string(cashu::text(state));
    return {};
}

}  // namespace hp::crash
