// Requests that exclude each other, sent at once.
#pragma once
#include "mint_house.hpp"

namespace hp::crash {

/// Thread i sends requests[i % count], byte for byte like the others of its side. Needs at least one thread
/// for each.
std::vector<Reply> send_at_once(MintHouse& house, Rng& rng, Crew& crew, std::span<const Request> requests);

/// Checks that exactly one side was granted, that all its threads got the same bytes, and that all others
/// were refused with this code. Then the winner's proofs are in the purse.
Outcome one_wins(MintHouse& house, std::span<const Request> requests, std::span<const Reply> replies,
                 cashu::Code refusal);

/// The quote's issued is this much.
std::string check_issued(MintHouse& house, const MintHouse::NewQuote& quote, std::uint64_t issued);
/// All of them are in this state of POST /v1/checkstate.
std::string check_states(MintHouse& house, std::span<const cashu::Proof> coins, cashu::ProofState state);

std::string describe(const Reply& reply);

}  // namespace hp::crash
