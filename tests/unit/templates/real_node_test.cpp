// Against a real node, where one is given: tests/interop/btcd.bats runs this with a btcd on regtest.
#include <doctest/doctest.h>

#include <cstdlib>

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
    for (std::size_t blocks = 1; blocks <= 3; ++blocks) {
        auto block = got.back();
        std::optional<Verdict> verdict;
        auto raw = std::make_shared<const Bytes>(mine(block));
        source.submit(raw, {block->height, bitcoin::header_hash(to_array<80>(ByteView(*raw).first(80)))},
                      [&](const Verdict& said) { verdict = said; });
        REQUIRE(test::run_until(loop, [&] { return verdict && got.back()->height == block->height + 1; }));
        CHECK_MESSAGE(verdict->accepted(), verdict->reason);
        verdict.reset();
        auto broken = std::make_shared<Bytes>(*raw);
        broken->at(75) ^= 1;  // nBits
        source.submit(broken, {block->height, {}}, [&](const Verdict& said) { verdict = said; });
        REQUIRE(test::run_until(loop, [&] { return verdict.has_value(); }));
        CHECK(verdict->fate == Fate::rejected);
        CHECK_FALSE(verdict->reason.empty());
    }
}
