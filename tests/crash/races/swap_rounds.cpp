// The same proofs, and the same outputs, in several swaps.
#include "sides.hpp"

namespace hp::crash {

using cashu::Code;
using cashu::Proof;
using cashu::ProofState;

/// The same proofs for different outputs: one swap gets them. The same swap twice gets the same answer.
Outcome race_one_input(MintHouse& house, Rng& rng, Crew& crew) {
    auto coins = house.take_coins(1 + rng.below(3));
    std::vector<Request> requests{house.swap_request(coins)};
    if (!rng.chance(1, 4)) requests.push_back(house.swap_request(coins));
    auto replies = send_at_once(house, rng, crew, requests);
    auto outcome = one_wins(house, requests, replies, Code::already_spent);
    if (outcome.wrong.empty()) outcome.wrong = check_states(house, coins, ProofState::spent);
    if (requests.size() == 1) outcome.winner = kNobody;
    return outcome;
}

/// Swaps with one common input each: one is done, the others spend nothing.
Outcome race_overlapping_inputs(MintHouse& house, Rng& rng, Crew& crew) {
    const std::size_t sides = crew.size() > 2 && rng.chance(1, 2) ? 3 : 2;
    // Each worth something after the fee, so that any two of them are.
    std::vector<std::vector<Proof>> coins;
    for (int i = 0; i < 3; ++i) coins.push_back(house.take_coins(1));
    std::vector<Request> requests;
    for (std::size_t i = 0; i < sides; ++i) {
        auto inputs = coins[i];
        const auto& second = coins[(i + 1) % 3];
        inputs.insert(rng.chance(1, 2) ? inputs.begin() : inputs.end(), second.begin(), second.end());
        requests.push_back(house.swap_request(inputs));
    }
    auto replies = send_at_once(house, rng, crew, requests);
    auto outcome = one_wins(house, requests, replies, Code::already_spent);
    if (!outcome.wrong.empty()) return outcome;
    for (std::size_t i = 0; i < coins.size() && outcome.wrong.empty(); ++i) {
        bool is_spent = i == outcome.winner || i == (outcome.winner + 1) % 3;
        outcome.wrong = check_states(house, coins[i], is_spent ? ProofState::spent : ProofState::unspent);
        if (!is_spent) house.put_back(coins[i]);
    }
    return outcome;
}

/// The same outputs for different inputs, or for a quote: they are signed once, and the loser loses nothing.
Outcome race_one_output(MintHouse& house, Rng& rng, Crew& crew) {
    auto coins = house.take_coins(1 + rng.below(2));
    const std::uint64_t sum = house.after_fee(coins);
    auto outputs = house.outputs(sum);
    auto quote = house.new_quote(sum);
    std::vector<Request> requests{house.swap_request(coins, outputs), house.mint_request(quote, outputs)};
    auto replies = send_at_once(house, rng, crew, requests);
    auto outcome = one_wins(house, requests, replies, Code::outputs_already_signed);
    if (!outcome.wrong.empty()) return outcome;
    bool is_swapped = outcome.winner == 0;
    outcome.wrong = check_states(house, coins, is_swapped ? ProofState::spent : ProofState::unspent);
    if (outcome.wrong.empty()) outcome.wrong = check_issued(house, quote, is_swapped ? 0 : quote.amount);
    if (!is_swapped) house.put_back(coins);
    return outcome;
}

}  // namespace hp::crash
