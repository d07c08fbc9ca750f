#include "templates/template_cache.hpp"

#include <doctest/doctest.h>

#include "bitcoin/merkle.hpp"
#include "chain_blocks.hpp"

using namespace hp;
using namespace hp::templates;
using hp::test::kEasyBits;
using hp::test::kNow;

TEST_CASE("an offer says all that its block needs") {
    SimChain chain{kEasyBits};
    TemplateCache cache{1000};
    CHECK_FALSE(cache.offer({}, 0));
    cache.set_current(chain.make_template(kNow, 6));
    auto offer = cache.offer({100, 0}, 0);
    REQUIRE(offer);
    CHECK(offer->template_id == 1001);
    CHECK(offer->message.future_template);
    CHECK_FALSE(offer->as_current().future_template);
    CHECK(offer->message.coinbase_tx_value_remaining == offer->block->coinbase_sats);
    CHECK(offer->message.coinbase_tx_outputs_count == 1);
    CHECK(offer->message.coinbase_tx_outputs.value.size() == 8 + 1 + 38);
    CHECK(offer->message.merkle_path.items.size() == 3);
    auto prev_hash = offer->prev_hash(kNow + 60);
    CHECK(prev_hash.template_id == 1001);
    CHECK(prev_hash.prev_hash.bytes == chain.tip_hash());
    CHECK(prev_hash.header_timestamp == kNow + 60);
    CHECK(offer->prev_hash(0).header_timestamp == kNow);

    std::vector<Bytes32> leaves{Bytes32{7}};
    for (const auto& transaction : offer->block->transactions) leaves.push_back(transaction->txid);
    std::vector<Bytes32> path;
    for (const auto& hash : offer->message.merkle_path.items) path.push_back(hash.bytes);
    CHECK(bitcoin::merkle_root_from_path(leaves[0], path) == bitcoin::merkle_root(leaves));
}

TEST_CASE("clients with the same needs share a number; numbers rise for every client") {
    SimChain chain{kEasyBits};
    TemplateCache cache{0};
    cache.set_current(chain.make_template(kNow, 7));
    auto first = cache.offer({100, 0}, 0);
    CHECK(cache.offer({200, 400}, 0) == first);
    const std::uint32_t greedy = 1'000'000 - 300;
    auto cut = cache.offer({greedy - 100, 0}, first->template_id);
    REQUIRE(cut);
    CHECK(cut->block->transactions.size() < 7);
    auto again = cache.offer({100, 0}, cut->template_id);
    CHECK(again->template_id > cut->template_id);
    CHECK(again->block == first->block);
    CHECK_FALSE(cache.offer({1'000'000, 0}, 0));
}

TEST_CASE("old templates stay for late solutions, and in the end go") {
    SimChain chain{kEasyBits};
    TemplateCache cache{0};
    cache.set_current(chain.make_template(kNow, 0));
    auto first = cache.offer({}, 0);
    CHECK(cache.is_fresh(*first));
    chain.extend(*chain.check(test::mine_next(chain), kNow));
    cache.set_current(chain.make_template(kNow, 0));
    CHECK(cache.find(first->template_id) == first);
    CHECK_FALSE(cache.is_fresh(*first));
    for (std::size_t i = 1; i < TemplateCache::kOffersMax; ++i) {
        cache.set_current(chain.make_template(kNow, i % 8));
        CHECK(cache.offer({}, 0)->template_id == first->template_id + i);
    }
    CHECK(cache.find(first->template_id) == first);
    cache.set_current(chain.make_template(kNow, 0));
    cache.offer({}, 0);
    CHECK_FALSE(cache.find(first->template_id));
    CHECK_FALSE(cache.find(0));
    CHECK_FALSE(cache.find(UINT64_MAX));
}
