// Requests that exclude each other, sent at once.
#pragma once
#include "mint_house.hpp"

namespace hp::crash {

/// Thread i sends requests[i % count], byte for byte as the others of its side. There must be a thread for
/// each.
std::vector<Reply> send_at_once(MintHouse& house, Rng& rng, Crew& crew, std::span<const Request> requests);

/// Exactly one side was granted, and all its threads got the same bytes; everybody else was refused with this
/// code. The winner's proofs are in the purse then.
Outcome one_wins(MintHouse& house, std::span<const Request> requests, std::span<const Reply> replies,
                 cashu::Code refusal);

/// The quote's issued is this much.
std::string check_issued(MintHouse& house, const MintHouse::NewQuote& quote, std::uint64_t issued);
/// All of them are in this state, as POST /v1/checkstate has it.
std::string check_states(MintHouse& house, std::span<const cashu::Proof> coins, cashu::ProofState state);

std::string describe(const Reply& reply);

}  // namespace hp::crash
