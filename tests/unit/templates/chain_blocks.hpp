// Blocks for tests: mined for real, at a difficulty that takes a few hashes.
#pragma once
#include "bitcoin/block.hpp"
#include "templates/sim_chain.hpp"
#include "templates/sim_miner.hpp"

namespace hp::test {

inline constexpr unsigned kEasyBits = 4;
/// Later than any clock that runs these tests, so that nothing depends on it.
inline constexpr UnixSeconds kNow = 4'000'000'000;

inline templates::Solution solve(const std::shared_ptr<const templates::BlockTemplate>& block) {
    templates::SimMiner miner{block};
    for (;;)
        if (auto solution = miner.try_nonces(1'000'000)) return *solution;
}

inline Bytes mine(const std::shared_ptr<const templates::BlockTemplate>& block) {
    auto found = templates::assemble(*block, solve(block));
    HP_ASSERT(found && found->meets_target);
    return found->raw;
}

inline Bytes mine_next(const templates::SimChain& chain, std::size_t transaction_count = 7,
                       UnixSeconds now = kNow) {
    return mine(chain.make_template(now, transaction_count));
}

/// Changes a parsed block, repairs what the caller did not mean to break (merkle root, proof of work),
/// serialises it.
template <class Change>
Bytes changed(ByteView raw, const templates::SimChain& chain, Change change) {
    auto block = bitcoin::parse_block(raw);
    HP_ASSERT(block);
    change(*block);
    auto target = bitcoin::target_from_nbits(chain.nbits());
    HP_ASSERT(target);
    while (!bitcoin::meets(block->header.hash(), *target)) ++block->header.nonce;
    return bitcoin::serialize_block(*block);
}

}  // namespace hp::test
