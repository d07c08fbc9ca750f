// What the proxy does for all its miners: outages, quotes, the mint's comings and goings, the end.
#include "proxy/proxy_fixture.hpp"

using namespace hp;
using namespace hp::test;

TEST_CASE_FIXTURE(ProxyCore, "outage_patience closes those who wait, and tells them why") {
    start(1'500);
    auto miner = working_miner();
    go_away();
    auto late = connect();
    late->say(1, "mining.subscribe", {"test"});
    auto unasked = connect();
    clock.advance(1'499);
    proxy->each_second();
    CHECK_FALSE(miner->closed);
    clock.advance(1);
    proxy->each_second();
    CHECK(miner->closed);
    CHECK(miner->count("client.show_message") == 1);
    REQUIRE(late->answer(1));
    CHECK(late->closed);
    const std::string why = late->answer(1)->at("error")[1];
    CHECK(why == "the pool has been down for 1 s: try another one (outage_patience_s)");
    CHECK_FALSE(unasked->closed);  // waits for nothing
}

TEST_CASE_FIXTURE(ProxyCore, "a miner that waits for its first answer is told why, once, and stays") {
    start();
    auto miner = working_miner();
    go_away();
    auto late = connect();
    late->say(1, "mining.subscribe", {"test"});
    const auto seconds = [&](int count) {
        while (count-- > 0) {
            clock.advance(1'000);
            proxy->each_second();
        }
    };
    seconds(2);
    CHECK(late->heard.empty());
    seconds(1);
    REQUIRE(late->count("client.show_message") == 1);
    const std::string why = late->heard.back()["params"][0];
    CHECK(why.starts_with("no work yet: the proxy has no connection to the pool (pool-away); "));
    // cgminer takes it for the answer, and asks again: nothing more before the answer itself.
    late->say(2, "mining.subscribe", {"test"});
    seconds(30);
    CHECK(late->heard.size() == 1);
    CHECK_FALSE(late->closed);
    // A miner that was at work learns it from its shares.
    CHECK(miner->count("client.show_message") == 0);
    come_back();
    // In either order.
    REQUIRE(pool.openings.size() == 3);
    grant(1);
    grant(2);
    REQUIRE(late->answer(1));
    CHECK(late->answer(1)->at("error").is_null());
    REQUIRE(late->answer(2));
    CHECK(late->answer(2)->at("error").is_null());
    // A pool without a template has other words.
    auto third = connect();
    third->say(1, "mining.subscribe", {"test"});
    pool.openings.back().owner.lock()->on_refused("no-template-yet");
    seconds(3);
    const std::string other = third->last("client.show_message")->at("params")[0];
    CHECK(other.starts_with("no work yet: the pool has no template (no-template-yet); "));
}

TEST_CASE_FIXTURE(ProxyCore, "an outage is over when a channel is open, and the next one begins at zero") {
    start(10'000);
    auto miner = working_miner();
    for (int i = 0; i < 3; ++i) {
        go_away();
        clock.advance(9'000);
        proxy->each_second();
        come_back();
        grant(pool.openings.size() - 1);
    }
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(ProxyCore, "quotes of the wallet's own shares go to the wallet, once each; others do not") {
    start();
    auto miner = working_miner();
    const std::string key = to_hex(crypto::SecretKey::generate().public_key());
    submit(*miner);
    pool.owner(1).on_accepted(0);
    pool.owner(1).on_quote(0, "q0", 5);
    CHECK(wallet.quotes == std::vector<std::string>{"q0 5"});
    CHECK(call(*miner, "mining.authorize", {key, "x"})["result"] == true);
    miner->say(300, "mining.submit", {key, "1", "00000000", "00000001", "00000003"});
    REQUIRE(pool.shares.size() == 2);
    CHECK(pool.shares[1].owner == key);
    pool.owner(1).on_accepted(1);
    pool.owner(1).on_quote(1, "q1", 6);
    CHECK(wallet.quotes.size() == 1);
    // Whose a forgotten share's quote is, nobody knows here: the wallet's are found by key.
    const auto lookups = wallet.lookups;
    pool.owner(1).on_quote(0, "q2", 7);
    CHECK(wallet.quotes.size() == 1);
    clock.advance(1'000);
    CHECK(wallet.lookups == lookups + 1);
    proxy->on_minted({{"q0", "unknown"}, 5});
}

TEST_CASE_FIXTURE(ProxyCore,
                  "quotes that nobody is told of are looked for: one look for all, and each minute") {
    start();
    std::vector<std::shared_ptr<FakeLine>> all;
    for (int i = 0; i < 5; ++i) {
        all.push_back(working_miner());
        submit(*all.back());
    }
    auto lookups = wallet.lookups;
    for (auto& miner : all) miner->hang_up();
    CHECK(wallet.lookups == lookups);
    clock.advance(1'000);
    CHECK(wallet.lookups == lookups + 1);
    clock.advance(60'000);
    CHECK(wallet.lookups == lookups + 2);
    wallet.connected = false;
    clock.advance(120'000);
    CHECK(wallet.lookups == lookups + 2);
    // The mint answers again: what was told of meanwhile was looked for in vain.
    proxy->each_second();
    wallet.connected = true;
    proxy->each_second();
    CHECK(wallet.lookups == lookups + 3);
    proxy->each_second();
    CHECK(wallet.lookups == lookups + 3);
}

TEST_CASE_FIXTURE(ProxyCore, "a mint that is away is asked again, ever less often; miners work meanwhile") {
    wallet.connected = false;
    start();
    auto miner = working_miner();
    REQUIRE(wallet.connecting.size() == 1);
    std::int64_t waited_ms = 0;
    for (std::size_t tries = 1; tries < 12; ++tries) {
        wallet.connecting.back()(fail(Errc::io, "connection refused"));
        for (; wallet.connecting.size() == tries; waited_ms += 1) clock.advance(1);
    }
    CHECK(waited_ms > 25'000);
    CHECK(waited_ms < 60'000);
    CHECK(wallet.lookups == 0);
    wallet.connected = true;
    wallet.connecting.back()({});
    CHECK(wallet.lookups == 1);
    CHECK(proxy->status_text() == "1 miners; pool up, mint up");
}

TEST_CASE_FIXTURE(ProxyCore,
                  "the end: miners are closed, quotes under way get their time, then the wallet stops") {
    start();
    auto miner = working_miner();
    submit(*miner);
    bool stopped = false;
    proxy->stop([&] { stopped = true; });
    CHECK(miner->closed == "stopping");
    CHECK(pool.closed == std::vector<std::uint32_t>{1});
    CHECK_FALSE(stopped);
    REQUIRE(wallet.idle);
    wallet.idle({});
    CHECK(stopped);
    CHECK(wallet.stopped);
    const auto lookups = wallet.lookups;
    clock.advance(300'000);
    CHECK(wallet.lookups == lookups);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "on_ready is said once; a pool that comes later opens the channels of those who wait") {
    pool.ready = false;
    start();
    int ready = 0;
    proxy->on_ready = [&] { ++ready; };
    auto miner = connect();
    miner->say(1, "mining.subscribe", {"test"});
    CHECK(pool.openings.empty());
    come_back();
    CHECK(pool.openings.size() == 1);
    go_away();
    come_back();
    CHECK(ready == 1);
}
