// Against a real node, where one is given: tests/interop/btcd.bats runs this with a btcd on regtest.
#include <doctest/doctest.h>

#include <cstdlib>
#include <map>

#include "bitcoin/header.hpp"
#include "net/net_fixture.hpp"
#include "templates/rpc_source.hpp"
#include "templates/sim_miner.hpp"

using namespace hp;
using namespace hp::templates;

namespace {

const char* variable(const char* name) {
    const char* value = std::getenv(name);
    return value ? value : "";
}

Bytes mine(const std::shared_ptr<const BlockTemplate>& block) {
    SimMiner miner{block};
    for (;;) {
        auto solution = miner.try_nonces(1'000'000);
        if (!solution) continue;
        auto found = assemble(*block, *solution);
        REQUIRE(found);
        return found->raw;
    }
}

}  // namespace

TEST_CASE("a real node takes our blocks, and its long poll brings the next template" *
          doctest::skip(std::getenv("HP_TEST_NODE_URL") == nullptr)) {
    net::Loop loop;
    RpcSource source{loop,
                     {.rpc = {.url = variable("HP_TEST_NODE_URL"),
                              .cookie_file = {},
                              .user = variable("HP_TEST_NODE_USER"),
                              .password = crypto::SecretText{variable("HP_TEST_NODE_PASSWORD")}},
                      .network = "regtest",
                      .fee_refresh_s = 3600}};
    std::vector<std::shared_ptr<const BlockTemplate>> got;
    source.start([&](auto block) { got.push_back(std::move(block)); });
    REQUIRE(test::run_until(loop, [&] { return !got.empty(); }));
    const auto id_of = [](const BlockTemplate& block, const Bytes& raw) {
        return BlockId{block.height, bitcoin::header_hash(to_array<80>(ByteView(raw).first(80)))};
    };
    // The newest verdict of each block; a node may say more of it later.
    std::map<std::string, Verdict> verdicts;
    const auto submit = [&](const std::string& name, const std::shared_ptr<const BlockTemplate>& block,
                            const Bytes& raw) {
        const auto id = id_of(*block, raw);
        source.submit(std::make_shared<const Bytes>(raw), id,
                      [&verdicts, name](const Verdict& said) { verdicts[name] = said; });
        REQUIRE(test::run_until(loop, [&] { return verdicts.contains(name); }));
        return id.hash;
    };
    std::shared_ptr<const BlockTemplate> block;
    for (std::size_t blocks = 1; blocks <= 3; ++blocks) {
        block = got.back();
        const std::string name = std::to_string(blocks);
        const Bytes raw = mine(block);
        submit(name, block, raw);
        REQUIRE(test::run_until(loop, [&] { return got.back()->height == block->height + 1; }));
        CHECK_MESSAGE(verdicts[name].accepted(), verdicts[name].reason);
        Bytes broken = raw;
        broken.at(75) ^= 1;  // nBits
        submit("broken " + name, block, broken);
        CHECK(verdicts["broken " + name].fate == Fate::rejected);
        CHECK_FALSE(verdicts["broken " + name].reason.empty());
        submit("again " + name, block, raw);
        CHECK(verdicts["again " + name].accepted());
        CHECK(verdicts["again " + name].is_repeat);
    }

    // Another block of height 3 is right and does not count; with one on top of it, it does, and the first
    // does not.
    auto sibling = std::make_shared<BlockTemplate>(*block);
    ++sibling->header_time;
    const Bytes32 hash = submit("sibling", sibling, mine(sibling));
    CHECK(verdicts["sibling"].fate == Fate::side_branch);
    CHECK(verdicts["3"].accepted());
    auto child = std::make_shared<BlockTemplate>(*got.back());
    child->prev_hash = hash;
    child->header_time = sibling->header_time + 1;
    submit("child", child, mine(child));
    CHECK(verdicts["child"].accepted());
    CHECK(test::run_until(loop, [&] { return verdicts["sibling"].accepted(); }));
    CHECK(test::run_until(loop, [&] { return verdicts["3"].fate == Fate::side_branch; }));
}
