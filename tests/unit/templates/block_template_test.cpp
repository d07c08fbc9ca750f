#include "templates/block_template.hpp"

#include <doctest/doctest.h>

#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"
#include "chain_blocks.hpp"

using namespace hp;
using namespace hp::templates;
using hp::test::kEasyBits;
using hp::test::kNow;

TEST_CASE("reserved weight is what spec 7 and 7.1 add up to") {
    CHECK(reserved_weight({}, true) == 320 + 12 + 236 + 400 + 12 + 188);
    CHECK(reserved_weight({}, false) == 320 + 12 + 200 + 400 + 12);
    CHECK(reserved_weight({100, 0}, true) == reserved_weight({}, true) + 400);
    CHECK(reserved_weight({UINT32_MAX, 0}, true) > 17'000'000'000ull);  // does not wrap
}

TEST_CASE("transactions are cut off at the end when the client's coinbase needs the room") {
    SimChain chain{kEasyBits};
    auto full = std::make_shared<BlockTemplate>(*chain.make_template(kNow, 7));
    std::uint64_t weight = 0;
    for (const auto& transaction : full->transactions) weight += transaction->weight;
    full->weight_max = reserved_weight({100, 0}, true) + weight;
    CHECK(fitting_transactions(*full, {100, 0}) == 7u);
    CHECK(fitting_transactions(*full, {101, 0}) == 6u);
    CHECK(fitting_transactions(*full, {100 + static_cast<std::uint32_t>(weight / 4), 0}) == 0u);
    CHECK_FALSE(fitting_transactions(*full, {101 + static_cast<std::uint32_t>(weight / 4), 0}));

    auto cut = first_transactions(full, 3);
    CHECK(cut->transactions.size() == 3);
    CHECK(cut->coinbase_sats == full->coinbase_sats - 4000 - 5000 - 6000 - 7000);
    CHECK(witness_commitment_script(*cut) != witness_commitment_script(*full));
    CHECK(chain.check(test::mine(cut), kNow));
    CHECK(first_transactions(full, 7) == full);
}

TEST_CASE("signature operations count against their own limit") {
    SimChain chain{kEasyBits};
    auto block = std::make_shared<BlockTemplate>(*chain.make_template(kNow, 2));
    auto heavy = std::make_shared<TemplateTransaction>(*block->transactions[1]);
    heavy->sigop_cost = 79'000;
    block->transactions[1] = heavy;
    CHECK(fitting_transactions(*block, {0, 1000}) == 2u);
    CHECK(fitting_transactions(*block, {0, 1001}) == 1u);
}

TEST_CASE("coinbase_prefix is the height, and the node's flags where eight bytes hold both") {
    BlockTemplate block;
    block.height = 840'000;
    CHECK(to_hex(coinbase_prefix(block)) == "0340d10c");
    block.coinbase_flags = {1, 2, 3, 4};
    CHECK(to_hex(coinbase_prefix(block)) == "0340d10c01020304");
    block.coinbase_flags.push_back(5);
    CHECK(to_hex(coinbase_prefix(block)) == "0340d10c");
}

TEST_CASE("a solution becomes the same block whether its coinbase comes whole or stripped") {
    SimChain chain{kEasyBits};
    auto block = chain.make_template(kNow, 5);
    Solution solution = test::solve(block);
    auto stripped = assemble(*block, solution);
    REQUIRE(stripped);
    auto full = bitcoin::add_coinbase_witness(solution.coinbase);
    REQUIRE(full);
    REQUIRE(*full != solution.coinbase);
    solution.coinbase = *full;
    auto whole = assemble(*block, solution);
    REQUIRE(whole);
    CHECK(whole->raw == stripped->raw);
    CHECK(chain.check(whole->raw, kNow));
}

TEST_CASE("without a commitment the coinbase must not have a witness") {
    SimChain chain{kEasyBits};
    auto block = std::make_shared<BlockTemplate>(*chain.make_template(kNow, 0));
    block->with_commitment = false;
    Solution solution = test::solve(block);
    auto coinbase = *bitcoin::parse_transaction(solution.coinbase);
    coinbase.inputs[0].witness = {Bytes(32, 0)};
    Solution with_witness = solution;
    with_witness.coinbase = coinbase.serialize(bitcoin::WitnessForm::full);
    auto found = assemble(*block, with_witness);
    REQUIRE(found);
    CHECK(found->raw == assemble(*block, solution)->raw);
    CHECK(bitcoin::parse_block(found->raw)->transactions[0] == solution.coinbase);
}

TEST_CASE("what does not meet the target, or is no coinbase, is told apart") {
    SimChain chain{40};
    auto block = chain.make_template(kNow, 0);
    SimMiner miner{block};
    Solution solution = test::solve(SimChain{kEasyBits}.make_template(kNow, 0));
    auto missed = assemble(*block, solution);
    REQUIRE(missed);
    CHECK_FALSE(missed->meets_target);
    CHECK(missed->raw.empty());
    solution.coinbase.pop_back();
    CHECK_FALSE(assemble(*block, solution));
    solution.coinbase = chain.make_template(kNow, 1)->transactions[0]->raw;
    CHECK_FALSE(assemble(*block, solution));
}
