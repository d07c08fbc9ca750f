// One quote, wanted by several.
#include "sides.hpp"

namespace hp::crash {

using cashu::Code;

/// The same request twice gets the same answer; of two requests with different outputs one gets the quote.
Outcome race_one_quote(MintHouse& house, Rng& rng, Crew& crew) {
    auto quote = house.new_quote(1 + rng.below(100));
    std::vector<Request> requests{house.mint_request(quote)};
    if (!rng.chance(1, 4)) requests.push_back(house.mint_request(quote));
    auto replies = send_at_once(house, rng, crew, requests);
    auto outcome = one_wins(house, requests, replies, Code::quote_already_issued);
    if (outcome.wrong.empty()) outcome.wrong = check_issued(house, quote, quote.amount);
    if (requests.size() == 1) outcome.winner = kNobody;
    return outcome;
}

/// Each wants a part of the quote, together more than there is.
Outcome race_parts_of_a_quote(MintHouse& house, Rng& rng, Crew& crew) {
    auto quote = house.new_quote(20 + rng.below(100));
    std::vector<Request> requests;
    for (std::size_t i = 0; i < crew.size(); ++i)
        requests.push_back(
            house.mint_request(quote, house.outputs(1 + rng.below(quote.amount * 2 / crew.size()))));
    auto replies = send_at_once(house, rng, crew, requests);
    Outcome outcome;
    std::uint64_t issued = 0;
    for (std::size_t i = 0; i < crew.size(); ++i) {
        if (!replies[i].is_granted()) continue;
        issued += requests[i].issued;
        outcome.wrong = house.granted(requests[i], replies[i].body);
        if (!outcome.wrong.empty()) return outcome;
    }
    outcome.wrong = check_issued(house, quote, issued);
    const std::uint64_t left = quote.amount - std::min(issued, quote.amount);
    outcome.winner = 1;
    for (std::size_t i = 0; i < crew.size(); ++i) {
        if (replies[i].is_granted()) continue;
        outcome.winner = 0;
        // What is left only shrinks: what did not fit then does not fit now.
        int code = replies[i].code();
        bool is_right = code == static_cast<int>(Code::not_balanced)
                            ? requests[i].issued > left
                            : code == static_cast<int>(Code::quote_already_issued) && left == 0;
        if (!is_right)
            return wrong("a part of " + std::to_string(requests[i].issued) + ", with " +
                         std::to_string(left) + " left, was refused: " + describe(replies[i]));
    }
    return outcome;
}

/// A batch mints all its quotes or none, even if another request takes one of them.
Outcome race_batch_and_single(MintHouse& house, Rng& rng, Crew& crew) {
    std::vector<MintHouse::NewQuote> quotes;
    for (std::uint64_t i = 2 + rng.below(3); i > 0; --i) quotes.push_back(house.new_quote(1 + rng.below(60)));
    const auto& wanted = quotes[rng.below(quotes.size())];
    std::vector<Request> requests{house.batch_request(quotes), house.mint_request(wanted)};
    auto replies = send_at_once(house, rng, crew, requests);
    auto outcome = one_wins(house, requests, replies, Code::quote_already_issued);
    for (const auto& quote : quotes) {
        if (!outcome.wrong.empty()) break;
        bool is_issued = outcome.winner == 0 || quote.id == wanted.id;
        outcome.wrong = check_issued(house, quote, is_issued ? quote.amount : 0);
    }
    return outcome;
}

/// AC-272: two batches want the same rows in opposite order, and each some that the other does not.
Outcome race_batches(MintHouse& house, Rng& rng, Crew& crew) {
    std::vector<MintHouse::NewQuote> quotes;
    for (std::uint64_t i = 3 + rng.below(3); i > 0; --i) quotes.push_back(house.new_quote(1 + rng.below(40)));
    std::vector<MintHouse::NewQuote> forwards{quotes.begin(), quotes.end() - 1};
    std::vector<MintHouse::NewQuote> backwards{quotes.rbegin(), quotes.rend() - 1};
    std::vector<Request> requests{house.batch_request(forwards), house.batch_request(backwards)};
    auto replies = send_at_once(house, rng, crew, requests);
    auto outcome = one_wins(house, requests, replies, Code::quote_already_issued);
    for (const auto& quote : quotes) {
        if (!outcome.wrong.empty()) break;
        bool is_left = quote.id == (outcome.winner == 0 ? quotes.back() : quotes.front()).id;
        outcome.wrong = check_issued(house, quote, is_left ? 0 : quote.amount);
    }
    return outcome;
}

}  // namespace hp::crash
