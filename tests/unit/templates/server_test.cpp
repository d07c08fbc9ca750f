#include "templates/server.hpp"

#include <doctest/doctest.h>

#include "bitcoin/block.hpp"
#include "sv2/blocks.hpp"
#include "tdp_client.hpp"
#include "templates/sim_source.hpp"

using namespace hp;
using namespace hp::templates;
using namespace hp::sv2::templates;
using hp::sv2::common::SetupConnectionError;
using hp::sv2::common::SetupConnectionSuccess;
using hp::test::FakeSource;
using hp::test::kEasyBits;
using hp::test::kNow;
using hp::test::run_until;
using hp::test::TdpBench;

TEST_CASE("SetupConnection is judged as spec 3.6.1 says") {
    FakeSource source;
    TdpBench bench{source};
    auto refusal = [&](auto change) {
        auto client = bench.connect();
        auto setup = TdpBench::setup_message();
        change(setup);
        client->send(setup);
        REQUIRE(bench.wait_for<SetupConnectionError>(*client));
        CHECK(run_until(bench.loop, [&] { return client->closed; }));
        return client->all<SetupConnectionError>()[0];
    };
    CHECK(refusal([](auto& setup) { setup.protocol = 0; }).error_code.value == "unsupported-protocol");
    CHECK(refusal([](auto& setup) { setup.min_version = 3, setup.max_version = 9; }).error_code.value ==
          "protocol-version-mismatch");
    auto flags = refusal([](auto& setup) { setup.flags = 0x8000'0005; });
    CHECK(flags.error_code.value == "unsupported-feature-flags");
    CHECK(flags.flags == ~0u);
    auto good = bench.connect_set_up();
    CHECK(good->all<SetupConnectionSuccess>()[0].used_version == 2);
}

TEST_CASE("a client that starts with something else is dropped") {
    FakeSource source;
    TdpBench bench{source};
    auto client = bench.connect();
    client->send(RequestTransactionData{});
    CHECK(run_until(bench.loop, [&] { return client->closed; }));
    CHECK(bench.server.client_count() == 0);
}

TEST_CASE("a server that stops has left when its clients have closed, not before") {
    FakeSource source;
    TdpBench bench{source};
    auto client = bench.connect_set_up();
    bench.server.stop();
    CHECK_FALSE(bench.server.has_left());
    CHECK(run_until(bench.loop, [&] { return client->closed; }));
    client->connection.reset();
    CHECK(run_until(bench.loop, [&] { return bench.server.has_left(); }));
}

TEST_CASE("extensions are refused by name, and unknown ones ignored") {
    FakeSource source;
    TdpBench bench{source};
    auto client = bench.connect_set_up();
    client->connection->send(Bytes{0x77, 0x00, 0x05, 0x01, 0x00, 0x00, 0xff});  // extension 0x0077
    sv2::extensions::RequestExtensions request;
    request.request_id = 9;
    request.requested_extensions.items = {2, 0x4000};
    client->send(request);
    REQUIRE(bench.wait_for<sv2::extensions::RequestExtensionsError>(*client));
    auto error = client->all<sv2::extensions::RequestExtensionsError>()[0];
    CHECK(error.request_id == 9);
    CHECK(error.unsupported_extensions == request.requested_extensions);
    CHECK(error.required_extensions.items.empty());
}

TEST_CASE("templates come with the constraints, with fees, and with tips, in the order of spec 7.3") {
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    auto client = bench.connect_constrained();
    auto early = bench.connect_set_up();  // has not told its constraints: gets nothing
    bench.server.on_template(chain.make_template(kNow, 2));
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    auto first = client->all<NewTemplate>();
    REQUIRE(first.size() == 1);
    CHECK(first[0].future_template);
    CHECK(client->all<SetNewPrevHash>()[0].template_id == first[0].template_id);

    bench.server.on_template(chain.make_template(kNow, 3));
    REQUIRE(bench.wait_for<NewTemplate>(*client, 2));
    auto richer = client->all<NewTemplate>()[1];
    CHECK_FALSE(richer.future_template);
    CHECK(richer.template_id > first[0].template_id);
    CHECK(richer.coinbase_tx_value_remaining == first[0].coinbase_tx_value_remaining + 3000);
    CHECK(client->all<SetNewPrevHash>().size() == 1);

    chain.extend(*chain.check(test::mine_next(chain), kNow));
    bench.server.on_template(chain.make_template(kNow, 0));
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client, 2));
    CHECK(client->all<NewTemplate>()[2].future_template);
    CHECK(client->all<SetNewPrevHash>()[1].prev_hash.bytes == chain.tip_hash());
    CHECK(early->all<NewTemplate>().empty());

    auto late = bench.connect_constrained();
    REQUIRE(bench.wait_for<SetNewPrevHash>(*late));
    CHECK(late->all<NewTemplate>()[0].future_template);
    CHECK(late->all<SetNewPrevHash>()[0].template_id == late->all<NewTemplate>()[0].template_id);
}

TEST_CASE(
    "new constraints give a new template on the same tip; too many of them, or too large ones, the door") {
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    bench.server.on_template(chain.make_template(kNow, 7));
    auto client = bench.connect_constrained(100);
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    CoinbaseOutputConstraints greedy;
    greedy.coinbase_output_max_additional_size = 1'000'000 - 400;
    client->send(greedy);
    REQUIRE(bench.wait_for<NewTemplate>(*client, 2));
    auto offers = client->all<NewTemplate>();
    CHECK_FALSE(offers[1].future_template);
    CHECK(offers[1].coinbase_tx_value_remaining < offers[0].coinbase_tx_value_remaining);
    SUBCASE("too many") {
        for (int i = 0; i < 10; ++i) client->send(greedy);
    }
    SUBCASE("too large") {
        greedy.coinbase_output_max_additional_size = 1'000'000;
        client->send(greedy);
    }
    CHECK(run_until(bench.loop, [&] { return client->closed; }));
}

TEST_CASE("transaction data is there for the tip's templates only") {
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    auto block = chain.make_template(kNow, 5);
    bench.server.on_template(block);
    auto client = bench.connect_constrained();
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    RequestTransactionData request;
    request.template_id = client->all<NewTemplate>()[0].template_id;
    client->send(request);
    REQUIRE(bench.wait_for<RequestTransactionDataSuccess>(*client));
    auto reply = client->all<RequestTransactionDataSuccess>()[0];
    CHECK(reply.excess_data.value == Bytes(32, 0));
    REQUIRE(reply.transaction_list.items.size() == 5);
    for (std::size_t i = 0; i < 5; ++i)
        CHECK(reply.transaction_list.items[i].value == block->transactions[i]->raw);

    chain.extend(*chain.check(test::mine_next(chain), kNow));
    bench.server.on_template(chain.make_template(kNow, 0));
    client->send(request);
    request.template_id = 999;
    client->send(request);
    REQUIRE(bench.wait_for<RequestTransactionDataError>(*client, 2));
    auto errors = client->all<RequestTransactionDataError>();
    CHECK(errors[0].error_code.value == "stale-template-id");
    CHECK(errors[1].error_code.value == "template-id-not-found");
    CHECK(errors[1].template_id == 999);
}

TEST_CASE("solutions become blocks, once each; bad ones become nothing") {
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    auto block = chain.make_template(kNow, 5);
    bench.server.on_template(block);
    auto client = bench.connect_constrained();
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    auto solution = test::work(client->all<NewTemplate>()[0], client->all<SetNewPrevHash>()[0]);

    auto wrong = solution;
    wrong.template_id = 77;
    client->send(wrong);
    wrong = solution;
    wrong.coinbase_tx.value.clear();
    client->send(wrong);
    wrong = solution;
    auto meets_target = [&](const SubmitSolution& one) {
        return assemble(*block, {one.version, one.header_timestamp, one.header_nonce, one.coinbase_tx.value})
            ->meets_target;
    };
    do ++wrong.header_nonce;
    while (meets_target(wrong));
    client->send(wrong);
    client->send(solution);
    client->send(solution);
    REQUIRE(run_until(bench.loop, [&] { return !bench.events.empty(); }));
    // Late, but on its way: the tip has changed meanwhile.
    source.verdict = {Fate::rejected, "stale-prevblk"};
    auto checked = chain.check(*source.blocks[0], kNow);
    REQUIRE(checked);
    chain.extend(*checked);
    bench.server.on_template(chain.make_template(kNow, 0));
    auto late = solution;
    do ++late.header_nonce;
    while (!meets_target(late));
    client->send(late);
    REQUIRE(run_until(bench.loop, [&] { return bench.events.size() == 2; }));
    CHECK(source.blocks.size() == 2);
    CHECK(bench.events[0].verdict.accepted());
    CHECK(bench.events[0].id.height == 1);
    CHECK(bench.events[0].id.hash == chain.tip_hash());
    CHECK(bench.events[1].verdict.reason == "stale-prevblk");
    CHECK_FALSE(client->closed);
}

namespace {

void negotiate_blocks(TdpBench& bench, hp::test::TdpClient& client) {
    sv2::extensions::RequestExtensions request;
    request.requested_extensions.items = {2, sv2::blocks::kExtensionType};
    client.send(request);
    REQUIRE(bench.wait_for<sv2::extensions::RequestExtensionsSuccess>(client));
    CHECK(client.all<sv2::extensions::RequestExtensionsSuccess>()[0].supported_extensions.items ==
          std::vector{sv2::blocks::kExtensionType});
}

}  // namespace

TEST_CASE("a whole block of a template that is not known goes to the node once, and its fate is told") {
    using sv2::blocks::BlockVerdict;
    using sv2::blocks::SubmitBlock;
    FakeSource source;
    source.verdict = {Fate::side_branch, "inconclusive"};
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    const auto block = chain.make_template(kNow, 3);
    const Bytes raw = hp::test::mine(block);
    const Bytes32 hash = bitcoin::parse_block(raw)->header.hash();
    bench.server.on_template(block);
    auto client = bench.connect_constrained();
    negotiate_blocks(bench, *client);
    client->send(SubmitBlock{{raw}});
    REQUIRE(bench.wait_for<BlockVerdict>(*client));
    CHECK(*source.blocks.at(0) == raw);
    CHECK(bench.events.at(0).id.height == block->height);
    const BlockVerdict told{{hash}, {"side-branch"}, {"inconclusive"}};
    CHECK(client->all<BlockVerdict>()[0] == told);
    // A repeat, also from another pool, gets the same answer, and the node gets nothing.
    auto other = bench.connect_constrained();
    negotiate_blocks(bench, *other);
    other->send(SubmitBlock{{raw}});
    REQUIRE(bench.wait_for<BlockVerdict>(*other));
    CHECK(other->all<BlockVerdict>()[0] == told);
    CHECK(source.blocks.size() == 1);
}

TEST_CASE("a header with other transactions is rejected, and does not stand in the way of its true block") {
    using sv2::blocks::BlockVerdict;
    using sv2::blocks::SubmitBlock;
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    const auto block = chain.make_template(kNow, 3);
    const Bytes raw = hp::test::mine(block);
    const auto whole = bitcoin::parse_block(raw).value();
    bench.server.on_template(block);
    auto stranger = bench.connect_constrained();
    negotiate_blocks(bench, *stranger);
    auto fewer = whole, twin = whole;
    fewer.transactions.pop_back();
    twin.transactions.push_back(twin.transactions.back());
    Bytes cut = raw;
    cut.pop_back();
    for (const Bytes& wrong : {bitcoin::serialize_block(fewer), bitcoin::serialize_block(twin), cut})
        stranger->send(SubmitBlock{{wrong}});
    REQUIRE(run_until(bench.loop, [&] { return stranger->all<BlockVerdict>().size() == 3; }));
    for (const BlockVerdict& told : stranger->all<BlockVerdict>()) {
        CHECK(told.fate.value == "rejected");
        CHECK(told.block_hash.bytes == whole.header.hash());
    }
    CHECK(stranger->all<BlockVerdict>()[0].reason.value.starts_with("bad-txnmrklroot"));
    CHECK(stranger->all<BlockVerdict>()[2].reason.value.starts_with("malformed"));
    CHECK(source.blocks.empty());
    auto client = bench.connect_constrained();
    negotiate_blocks(bench, *client);
    client->send(SubmitBlock{{raw}});
    REQUIRE(bench.wait_for<BlockVerdict>(*client));
    CHECK(client->all<BlockVerdict>()[0].fate.value == "accepted");
    CHECK(source.blocks.size() == 1);
}

TEST_CASE("a block that no node got may be handed in again") {
    using sv2::blocks::BlockVerdict;
    FakeSource source;
    source.verdict = {Fate::undelivered, "no answer"};
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    const auto block = chain.make_template(kNow, 3);
    bench.server.on_template(block);
    auto client = bench.connect_constrained();
    negotiate_blocks(bench, *client);
    const sv2::blocks::SubmitBlock whole{{hp::test::mine(block)}};
    client->send(whole);
    REQUIRE(bench.wait_for<BlockVerdict>(*client));
    source.verdict = {Fate::accepted};
    client->send(whole);
    REQUIRE(run_until(bench.loop, [&] {
        const auto all = client->all<BlockVerdict>();
        return !all.empty() && all.back().fate.value == "accepted";
    }));
    CHECK(source.blocks.size() == 2);
}

TEST_CASE("a solution's fate is told to a client that asked for it, and only to that") {
    using sv2::blocks::BlockVerdict;
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    bench.server.on_template(chain.make_template(kNow, 3));
    auto client = bench.connect_constrained();
    auto silent = bench.connect_constrained();
    negotiate_blocks(bench, *client);
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    REQUIRE(bench.wait_for<SetNewPrevHash>(*silent));
    const auto solution = hp::test::work(client->all<NewTemplate>()[0], client->all<SetNewPrevHash>()[0]);
    silent->send(solution);
    REQUIRE(run_until(bench.loop, [&] { return !source.blocks.empty(); }));
    client->send(solution);
    REQUIRE(bench.wait_for<BlockVerdict>(*client));
    CHECK(client->all<BlockVerdict>()[0].fate.value == "accepted");
    CHECK(silent->all<BlockVerdict>().empty());
    CHECK(source.blocks.size() == 1);
}

TEST_CASE(
    "what costs no work does not reach the node, and a block without the extension ends the connection") {
    using sv2::blocks::BlockVerdict;
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{20}, easy{kEasyBits};
    bench.server.on_template(chain.make_template(kNow, 3));
    auto client = bench.connect_constrained();
    negotiate_blocks(bench, *client);
    client->send(sv2::blocks::SubmitBlock{{hp::test::mine(easy.make_template(kNow, 3))}});
    REQUIRE(bench.wait_for<BlockVerdict>(*client));
    CHECK(client->all<BlockVerdict>()[0].fate.value == "rejected");
    CHECK(client->all<BlockVerdict>()[0].reason.value == "high-hash");
    client->send(sv2::blocks::SubmitBlock{{Bytes{1, 2, 3}}});
    REQUIRE(run_until(bench.loop, [&] { return client->all<BlockVerdict>().size() == 2; }));
    CHECK(client->all<BlockVerdict>()[1].reason.value == "malformed: 3 bytes, fewer than a header");
    CHECK_FALSE(client->closed);
    auto plain = bench.connect_constrained();
    plain->send(sv2::blocks::SubmitBlock{{hp::test::mine(easy.make_template(kNow, 3))}});
    CHECK(run_until(bench.loop, [&] { return plain->closed; }));
    CHECK(source.blocks.empty());
}

TEST_CASE("the embedded chain end to end: a client's blocks move the tip") {
    // The bench's loop and dialling, with a server of its own behind them.
    FakeSource placeholder;
    TdpBench bench{placeholder};
    auto opened = SimSource::open(bench.loop, {.block_bits = 6});
    REQUIRE(opened);
    std::unique_ptr<SimSource> source = std::move(*opened);
    std::vector<BlockEvent> events;
    Server server{bench.loop, *source, 0, [&](const BlockEvent& event) { events.push_back(event); }};
    auto authority = crypto::SecretKey::generate();
    auto listener = net::FrameListener::listen(bench.loop, test::any_port(), Server::frame_limits(),
                                               net::renewing_identity(authority, 3600),
                                               [&](auto accepted) { server.accept(std::move(accepted)); });
    REQUIRE(listener);
    bench.listener = std::move(*listener);
    bench.authority_key = authority.xonly();
    source->start([&](auto block) { server.on_template(std::move(block)); });
    auto client = bench.connect_constrained();
    for (std::size_t blocks = 1; blocks <= 5; ++blocks) {
        REQUIRE(bench.wait_for<SetNewPrevHash>(*client, blocks));
        client->send(test::work(client->all<NewTemplate>().back(), client->all<SetNewPrevHash>().back()));
        REQUIRE(run_until(bench.loop, [&] { return events.size() == blocks; }));
        CHECK_MESSAGE(events.back().verdict.accepted(), events.back().verdict.reason);
        CHECK(events.back().id.height == blocks);
    }
    server.stop();
}

TEST_CASE("work that is withdrawn disconnects its clients, and a block of it still counts") {
    FakeSource source;
    TdpBench bench{source};
    SimChain chain{kEasyBits};
    const auto block = chain.make_template(kNow, 5);
    bench.server.on_template(block);
    auto client = bench.connect_constrained();
    REQUIRE(bench.wait_for<SetNewPrevHash>(*client));
    const auto solution = test::work(client->all<NewTemplate>()[0], client->all<SetNewPrevHash>()[0]);
    bench.server.withdraw("too old");
    CHECK(run_until(bench.loop, [&] { return client->closed; }));
    CHECK(bench.server.client_count() == 0);
    // It may come back: it gets no work, and its block goes to the source.
    auto again = bench.connect_constrained();
    again->send(solution);
    REQUIRE(run_until(bench.loop, [&] { return bench.events.size() == 1; }));
    CHECK(bench.events[0].verdict.accepted());
    CHECK(again->all<NewTemplate>().empty());
    CHECK_FALSE(again->closed);
    bench.server.on_template(block);
    REQUIRE(bench.wait_for<SetNewPrevHash>(*again));
}
