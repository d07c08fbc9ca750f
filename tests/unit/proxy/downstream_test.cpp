// One SV1 miner's dialogue: what it hears, and what the pool is told for it.
#include "proxy/proxy_fixture.hpp"
#include "wire/share_refusal.hpp"

using namespace hp;
using namespace hp::test;
using Json = FakeLine::Json;

namespace {

constexpr const char* kAway = "pool-away: the pool is down: this share does not count";

}  // namespace

TEST_CASE_FIXTURE(ProxyCore,
                  "while the pool is away a miner stays, and its shares are refused for that reason") {
    start();
    auto miner = working_miner();
    go_away();
    for (int i = 0; i < 100; ++i) REQUIRE(refusal(*miner) == kAway);
    CHECK_FALSE(miner->closed);
    come_back();
    SUBCASE("the same extranonce again: it goes on, whether it can change it or not") {
        grant(1);
        CHECK(miner->count("mining.notify") == 1);
        CHECK(miner->count("mining.set_difficulty") == 1);
        CHECK(miner->count("mining.set_extranonce") == 0);
        CHECK_FALSE(miner->closed);
    }
    SUBCASE("another extranonce, which it cannot change: it is closed and comes again") {
        prefix = 0xbb;
        grant(1);
        CHECK(miner->closed == "the pool was away: extranonce changed");
        CHECK(miner->count("mining.notify") == 0);
    }
}

TEST_CASE_FIXTURE(ProxyCore, "a miner that takes mining.set_extranonce is told of another one, and goes on") {
    start();
    auto miner = working_miner();
    CHECK(call(*miner, "mining.extranonce.subscribe", Json::array())["result"] == true);
    go_away();
    prefix = 0xbb;
    come_back();
    grant(1);
    CHECK(miner->count("mining.notify") == 1);
    CHECK(miner->last("mining.set_extranonce")->at("params")[0] == "bbbbbbbb");
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(ProxyCore, "who comes while the pool is away is answered when it is back") {
    start();
    auto miner = working_miner();
    go_away();
    auto late = connect();
    late->say(1, "mining.subscribe", {"test"});
    late->say(2, "mining.authorize", {"rig", "x"});
    CHECK(late->answer(2));
    CHECK_FALSE(late->answer(1));
    CHECK(refusal(*late) == kAway);
    come_back();
    REQUIRE(pool.openings.size() == 3);
    grant(1);
    grant(2);
    CHECK(late->count("mining.notify") == 1);
    CHECK(late->answer(1)->at("result").is_array());
    CHECK_FALSE(late->closed);
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "each mining.subscribe is answered, however many come before the channel is open") {
    start();
    auto miner = connect();
    for (const int id : {1, 2, 3}) miner->say(id, "mining.subscribe", {"test"});
    miner->say(4, "mining.authorize", {"rig", "x"});
    REQUIRE(pool.openings.size() == 1);
    SUBCASE("by the channel") {
        miner->say(5, "mining.subscribe", {"test"});
        grant();
        CHECK(miner->count("mining.notify") == 1);
        for (const int id : {1, 2, 3, 5}) {
            REQUIRE(miner->answer(id));
            CHECK(miner->answer(id)->at("result")[1] == "aaaaaaaa");
        }
    }
    SUBCASE("by the refusal") {
        pool.openings[0].owner.lock()->on_refused("no-thanks");
        CHECK(miner->closed);
        for (const int id : {1, 2, 3}) {
            REQUIRE(miner->answer(id));
            CHECK(miner->answer(id)->at("error")[1] == "pool refused the channel: no-thanks");
        }
    }
}

TEST_CASE_FIXTURE(
    ProxyCore, "a miner that subscribes again while the pool is away is answered with its new extranonce") {
    start();
    auto miner = working_miner();
    go_away();
    miner->say(50, "mining.subscribe", {"test"});
    CHECK_FALSE(miner->answer(50));
    prefix = 0xbb;
    come_back();
    grant(1);
    CHECK(miner->count("mining.notify") == 1);
    REQUIRE(miner->answer(50));
    CHECK(miner->answer(50)->at("result")[1] == "bbbbbbbb");
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(
    ProxyCore, "the pool closes one channel: its miner's shares are refused for that, and it gets another") {
    start();
    auto miner = working_miner();
    auto other = working_miner();
    const int id = submit(*miner);
    REQUIRE(pool.shares.size() == 1);
    pool.owner(1).on_channel_lost("too-many-invalid-shares");
    REQUIRE(miner->answer(id));
    const std::string text = miner->answer(id)->at("error")[1];
    CHECK(text.starts_with("pool-closed-channel: too-many-invalid-shares; share "));
    CHECK(pool.openings.size() == 2);
    clock.advance(5'000);
    grant(2);
    CHECK(miner->count("mining.notify") == 1);
    CHECK_FALSE(miner->closed);
    CHECK_FALSE(other->closed);
    CHECK(other->count("mining.notify") == 0);
}

TEST_CASE_FIXTURE(ProxyCore, "a pool without a template is waited for, ever less often") {
    start();
    auto miner = connect();
    miner->say(1, "mining.subscribe", {"test"});
    miner->say(2, "mining.authorize", {"rig", "x"});
    std::size_t asked = 1;
    for (int i = 0; i < 4; ++i) {
        REQUIRE(pool.openings.size() == asked);
        pool.openings.back().owner.lock()->on_refused("no-template-yet");
        clock.advance(249);  // the shortest wait is half of 500 ms
        REQUIRE(pool.openings.size() == asked);
        CHECK(refusal(*miner) == kAway);
        clock.advance(5'000);
        ++asked;
    }
    grant(asked - 1);
    CHECK(miner->count("mining.notify") == 1);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "who does not subscribe and authorize is closed; who waits for the pool is not") {
    start();
    auto silent = connect();
    auto unnamed = connect();
    unnamed->say(1, "mining.subscribe", {"test"});
    grant();
    clock.advance(59'999);
    CHECK_FALSE(silent->closed);
    clock.advance(1);
    CHECK(silent->closed == "did not subscribe and authorize within 60 s");
    CHECK(unnamed->closed == "did not authorize within 60 s");
    auto waiting = connect();
    waiting->say(1, "mining.subscribe", {"test"});
    clock.advance(600'000);
    CHECK_FALSE(waiting->closed);
    CHECK(pool.closed == std::vector<std::uint32_t>{1});
}

TEST_CASE_FIXTURE(
    ProxyCore,
    "what one miner asks for in one go reaches the pool as a few updates, or ends its connection") {
    start();
    auto miner = working_miner();
    auto steady = working_miner();
    std::vector<std::string> lines;
    const std::string name(240, 'w');
    SUBCASE("names") {
        for (int i = 0; i < 40'000; ++i)
            lines.push_back(FakeLine::request(1, "mining.authorize", {std::to_string(i) + name, "x"}));
    }
    SUBCASE("difficulties") {
        for (int i = 1; i < 40'000; ++i)
            lines.push_back(FakeLine::request(1, "mining.suggest_difficulty", {i}));
    }
    SUBCASE("configurations") {
        for (int i = 1; i < 40'000; ++i)
            lines.push_back(FakeLine::request(1, "mining.configure",
                                              {{"minimum-difficulty"}, {{"minimum-difficulty.value", i}}}));
    }
    SUBCASE("lines that are no requests") {
        lines.assign(40'000, FakeLine::request(1, "mining.nothing", Json::array()));
    }
    miner->say(lines);
    CHECK(miner->closed);
    clock.advance(10'000);
    CHECK(pool.updates.size() <= 2);
    CHECK_FALSE(steady->closed);
    CHECK(call(*steady, "mining.extranonce.subscribe", Json::array())["result"] == true);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "a pool that has too few shares of this address is asked again, and the miner stays") {
    start();
    auto miner = connect();
    miner->say(1, "mining.subscribe", {"test"});
    miner->say(2, "mining.authorize", {"rig", "x"});
    pool.openings[0].owner.lock()->on_refused("too-few-shares");
    clock.advance(19'999);
    CHECK(pool.openings.size() == 1);
    clock.advance(1);
    REQUIRE(pool.openings.size() == 2);
    grant(1);
    CHECK(miner->count("mining.notify") == 1);
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "requests come back with time: as many at once as a farm needs, and ten a second") {
    start();
    auto miner = working_miner();
    // Two were its own subscribe and authorize.
    for (int i = 0; i < 598; ++i) miner->say(1, "mining.nothing", Json::array());
    clock.advance(1'000);
    for (int i = 0; i < 10; ++i) miner->say(1, "mining.nothing", Json::array());
    CHECK_FALSE(miner->closed);
    miner->say(1, "mining.nothing", Json::array());
    CHECK(miner->closed);
}

TEST_CASE_FIXTURE(ProxyCore, "the newest wish reaches the pool, a second later at most") {
    start();
    auto miner = working_miner();
    for (const double difficulty : {5.0, 6.0, 700.0})
        CHECK(call(*miner, "mining.suggest_difficulty", {difficulty})["result"] == true);
    CHECK(pool.updates.size() == 1);
    clock.advance(1'000);
    REQUIRE(pool.updates.size() == 2);
    CHECK(pool.updates.back().max_target == bitcoin::target_from_difficulty(700));
    clock.advance(10'000);
    CHECK(pool.updates.size() == 2);
}

TEST_CASE_FIXTURE(
    ProxyCore,
    "invalid shares: a budget is judged by the pool, as many are refused here, then it is closed") {
    start();
    auto miner = working_miner();
    std::size_t judged = 0;
    bool refused = false;
    for (int i = 0; i < 60 && !miner->closed; ++i) {
        const int id = submit(*miner);
        for (; judged < pool.shares.size(); ++judged)
            pool.owner(1).on_rejected(pool.shares[judged].message.sequence_number, "difficulty-too-low");
        if (const auto* answer = miner->answer(id))
            refused |= answer->at("error")[1] == wire::refusal_text("too-many-invalid-shares");
    }
    CHECK(refused);
    CHECK(miner->closed);
    CHECK(judged == 20);
    // Who comes from there soon after has its tries.
    auto again = std::make_shared<FakeLine>(miner->address);
    proxy->add_miner(again);
    again->say(1, "mining.subscribe", {"test"});
    again->say(2, "mining.authorize", {"rig", "x"});
    const auto channel_id = grant(pool.openings.size() - 1);
    for (std::size_t sent = pool.shares.size(); !again->closed; sent = pool.shares.size()) {
        submit(*again);
        if (pool.shares.size() > sent)
            pool.owner(channel_id)
                .on_rejected(pool.shares.back().message.sequence_number, "difficulty-too-low");
    }
    CHECK(pool.shares.size() == 20 + mining::ShareBudget::kTries);
}

TEST_CASE_FIXTURE(
    ProxyCore,
    "reconnecting wins no invalid shares: all connections of an address have one budget until it earns") {
    start();
    auto miner = working_miner();
    for (int round = 0; round < 8; ++round) {
        if (round > 0) {
            miner = std::make_shared<FakeLine>(miner->address);
            proxy->add_miner(miner);
            miner->say(1, "mining.subscribe", {"test"});
            miner->say(2, "mining.authorize", {"rig", "x"});
            grant(pool.openings.size() - 1);
        }
        // One less than would close it.
        for (int i = 0; i < 19; ++i) {
            const std::size_t sent = pool.shares.size();
            submit(*miner);
            if (pool.shares.size() == sent) continue;
            const auto& share = pool.shares.back().message;
            pool.owner(share.channel_id).on_rejected(share.sequence_number, "difficulty-too-low");
        }
        miner->hang_up();
    }
    CHECK(pool.shares.size() == 20 + 7 * mining::ShareBudget::kTries);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "a miner that has proven nothing has no more shares on their way than its budget") {
    start();
    auto miner = working_miner();
    const int first = next_id;
    for (int i = 0; i < 50; ++i) submit(*miner);
    CHECK(pool.shares.size() == 20);
    for (int i = 20; i < 50; ++i) {
        REQUIRE(miner->answer(first + i));
        CHECK(miner->answer(first + i)->at("error")[1] == wire::refusal_text("too-many-outstanding"));
    }
    // What the pool has judged makes room again.
    CHECK(miner->standing == net::Standing::guest);
    pool.owner(1).on_accepted(pool.shares.back().message.sequence_number);
    REQUIRE(miner->answer(first + 19));
    CHECK(miner->answer(first + 19)->at("result") == true);
    CHECK(miner->standing == net::Standing::member);
    submit(*miner);
    CHECK(pool.shares.size() == 21);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "BIP 323's bits are offered, and a sixth parameter that nobody asked for costs no share") {
    start();
    auto miner = working_miner();
    const auto version_of = [&](const Json& sixth) {
        const auto before = pool.shares.size();
        submit(*miner, Json::array({sixth}));
        REQUIRE(pool.shares.size() == before + 1);
        return pool.shares.back().message.version;
    };
    for (const auto& sixth : {Json(nullptr), Json(""), Json("1fffffe0"), Json(7)})
        CHECK(version_of(sixth) == 0);
    const auto granted_mask = call(*miner, "mining.configure",
                                   {{"version-rolling"}, {{"version-rolling.mask", "ffffffff"}}})["result"];
    CHECK(granted_mask["version-rolling.mask"] == "1fffffe0");
    CHECK(version_of("1fffffe0") == 0x1fffffe0);
    CHECK(version_of(nullptr) == 0);
}

TEST_CASE_FIXTURE(ProxyCore, "no difficulty is told above the network's, and it follows the tip") {
    pool.ehash = false;  // one that pays ehash sees to it itself
    start();
    auto miner = connect();
    miner->say(1, "mining.subscribe", {"test"});
    miner->say(2, "mining.authorize", {"rig", "x"});
    grant(0, 0x1d00ffff);
    const auto told = [&] { return miner->last("mining.set_difficulty")->at("params")[0].get<double>(); };
    CHECK(told() == 0.5);
    pool.owner(1).on_target(bitcoin::target_from_difficulty(700.3));
    CHECK(told() == 1);
    // A harder tip: the pool's target, as a whole number that is not below it.
    give_work(1, 2, 0x1a00ffff);
    CHECK(told() == 701);
    give_work(1, 3, 0x207fffff);
    CHECK(told() < 1e-9);
}

TEST_CASE_FIXTURE(ProxyCore, "the pool's refusal of a share is the miner's answer, with the pool's word") {
    start();
    auto miner = working_miner();
    const int first = submit(*miner), second = submit(*miner), third = submit(*miner);
    pool.owner(1).on_rejected(1, "stale-share");
    REQUIRE(miner->answer(second));
    const std::string text = miner->answer(second)->at("error")[1];
    CHECK(text.starts_with(wire::refusal_text("stale-share") + "; share "));
    // Answers may come late and more than once; each share has one.
    pool.owner(1).on_accepted(2);
    pool.owner(1).on_rejected(2, "stale-share");
    pool.owner(1).on_accepted(2);
    CHECK(miner->answer(first)->at("result") == true);
    CHECK(miner->answer(third)->at("result") == true);
    CHECK(miner->heard.size() == 3);
}

TEST_CASE_FIXTURE(ProxyCore, "sequence numbers wrap, and all before the one that is named are accepted") {
    start();
    auto miner = working_miner();
    pool.owner(1).on_accepted(0xffff'ffff);  // nothing is on its way
    CHECK(miner->heard.empty());
    const int id = submit(*miner);
    pool.owner(1).on_accepted(0xffff'fff0);  // long before it
    CHECK_FALSE(miner->answer(id));
    pool.owner(1).on_accepted(5);
    CHECK(miner->answer(id)->at("result") == true);
}

TEST_CASE_FIXTURE(ProxyCore,
                  "a line that is not JSON is answered and closes; one of a wrong shape costs nothing more") {
    start();
    auto miner = working_miner();
    miner->say({R"({"id":7,"method":"mining.submit","params":"rig"})"});
    CHECK(miner->answer(7)->at("error")[0] == 20);
    CHECK_FALSE(miner->closed);
    miner->say({"GET / HTTP/1.1", "Host: pool"});
    REQUIRE(miner->closed);
    CHECK(miner->closed->starts_with("garbage: "));
    CHECK(miner->heard.size() == 2);
}

TEST_CASE_FIXTURE(ProxyCore, "no place for a miner: it is closed when it names itself") {
    start();
    auto miner = connect();
    miner->has_room = false;
    miner->say(1, "mining.authorize", {"rig", "x"});
    CHECK(miner->closed == "too many miners");
}
