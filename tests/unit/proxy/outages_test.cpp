// What SV1 miners see while the pool is away and when it is back, and what one of them can make the proxy
// send: a whole proxy, a pool made of frames, and lines.
#include <nlohmann/json.hpp>

#include "proxy/fake_pool.hpp"
#include "proxy/proxy.hpp"
#include "store/temp_dir.hpp"

using namespace hp;
using namespace hp::test;
namespace msg = sv2::mining;

namespace {

struct Sv1Peer : net::LineHandler, std::enable_shared_from_this<Sv1Peer> {
    using Json = nlohmann::json;
    std::unique_ptr<net::LineDial> dial;
    std::shared_ptr<net::LineConnection> connection;
    std::vector<Json> heard;
    std::optional<std::string> closed;
    void on_line(std::string_view line) override { heard.push_back(Json::parse(line)); }
    void on_close(const Error& reason) override { closed = reason.what; }
    void say(int id, const std::string& method, const Json& params) {
        connection->send(Json{{"id", id}, {"method", method}, {"params", params}}.dump() + "\n");
    }
    const Json* answer(int id) const {
        for (const auto& message : heard)
            if (message.value("id", Json()) == id && !message.contains("method")) return &message;
        return nullptr;
    }
    std::size_t count(const std::string& method) const {
        return static_cast<std::size_t>(std::ranges::count_if(
            heard, [&](const Json& message) { return message.value("method", Json()) == method; }));
    }
};

struct AwayFixture {
    TempDir dir;
    net::Loop loop;
    FakePool pool{loop};
    std::unique_ptr<proxy::Proxy> proxy;
    std::shared_ptr<Sv1Peer> miner;
    int next_id{100};
    /// What the pool gives to the channels that it opens.
    std::uint8_t prefix{0xaa};
    std::size_t granted{0};

    void start(SteadyMs patience_ms = 0) {
        proxy::ProxyOptions options;
        options.listen = any_port();
        options.pool.pool = {pool.listener->bound(), pool.authority.xonly()};
        options.wallet.database = dir.file("wallet.db");
        options.wallet.mint_url = "http://127.0.0.1:9";
        options.min_extranonce_size = 4;
        options.outage_patience_ms = patience_ms;
        options.invalid_shares_max = 20;
        auto started = proxy::Proxy::start(loop, std::move(options));
        REQUIRE_MESSAGE(started, started.error().what);
        proxy = std::move(*started);
        bool is_ready = false;
        proxy->on_ready = [&] { is_ready = true; };
        REQUIRE(run_until(loop, [&] { return is_ready; }));
        miner = connect();
    }
    std::shared_ptr<Sv1Peer> connect() {
        auto peer = std::make_shared<Sv1Peer>();
        peer->dial = net::LineDial::start(loop, proxy->bound(), 5000, {}, [peer](auto connection) {
            REQUIRE(connection);
            peer->connection = *connection;
            peer->connection->set_handler(peer);
        });
        REQUIRE(run_until(loop, [&] { return peer->connection != nullptr; }));
        return peer;
    }
    template <sv2::Message M>
    std::vector<sv2::Decoded<M>> sent() const {
        std::vector<sv2::Decoded<M>> out;
        const auto& peer = *pool.peers.back();
        for (std::size_t i = 0; i < peer.frames.size(); ++i)
            if (sv2::split_frame(peer.frames[i])->is<M>()) out.push_back(peer.template frame<M>(i));
        return out;
    }
    /// Opens the channel that the proxy asks for as its `index`-th on this connection, and gives it work.
    void grant(std::size_t index = 0, std::uint32_t nbits = 0x1d00ffff) {
        REQUIRE(run_until(loop, [&] { return sent<msg::OpenExtendedMiningChannel>().size() > index; }));
        const auto channel_id = static_cast<std::uint32_t>(++granted);
        msg::OpenExtendedMiningChannelSuccess success;
        success.request_id = sent<msg::OpenExtendedMiningChannel>()[index].message.request_id;
        success.channel_id = channel_id;
        success.target.bytes = bitcoin::target_from_difficulty(0.5);
        success.extranonce_size = 4;
        success.extranonce_prefix = sv2::B0_32::from(Bytes(4, prefix));
        pool.peer().send(success);
        give_work(channel_id, 1, nbits);
    }
    void give_work(std::uint32_t channel_id, std::uint32_t job_id, std::uint32_t nbits) {
        msg::NewExtendedMiningJob job;
        job.channel_id = channel_id;
        job.job_id = job_id;
        job.version_rolling_allowed = true;
        pool.peer().send(job);
        msg::SetNewPrevHash tip;
        tip.channel_id = channel_id;
        tip.job_id = job_id;
        tip.nbits = nbits;
        pool.peer().send(tip);
    }
    void begin_work(Sv1Peer& peer, std::size_t index = 0) {
        peer.say(1, "mining.subscribe", {"test"});
        peer.say(2, "mining.authorize", {"rig", "x"});
        grant(index);
        REQUIRE(run_until(loop, [&] { return peer.count("mining.notify") > 0; }));
        peer.heard.clear();
    }
    nlohmann::json call(Sv1Peer& peer, const std::string& method, const nlohmann::json& params) {
        const int id = next_id++;
        peer.say(id, method, params);
        REQUIRE(run_until(loop, [&] { return peer.answer(id) || peer.closed; }));
        REQUIRE(peer.answer(id));
        return *peer.answer(id);
    }
    nlohmann::json submit(Sv1Peer& peer) {
        return call(peer, "mining.submit", {"rig", "1", "00000000", "00000001", "00000002"});
    }
    /// The pool is gone, and does not answer whoever dials, until come_back().
    void go_away() {
        pool.answers_setup = false;
        pool.peer().connection->close("restart");
        // The proxy has noticed when a share is refused for it.
        REQUIRE(run_until(loop, [&] { return pool.peers.size() == 2 && !pool.peer().frames.empty(); }));
    }
    void come_back() {
        pool.answers_setup = true;
        pool.peer().send(sv2::common::SetupConnectionSuccess{sv2::kVersion, 0});
    }
    bool runs_for(SteadyMs ms, const std::function<bool()>& ends) {
        const auto until = steady_ms_now() + ms;
        REQUIRE(run_until(loop, [&] { return ends() || steady_ms_now() >= until; }));
        return !ends();
    }
};

}  // namespace

TEST_CASE_FIXTURE(AwayFixture,
                  "while the pool is away a miner stays, and its shares are refused for that reason") {
    start();
    begin_work(*miner);
    go_away();
    for (int i = 0; i < 100; ++i) {
        const auto answer = submit(*miner);
        CHECK(answer["result"].is_null());
        CHECK(answer["error"][0] == 20);
        REQUIRE(answer["error"][1] == "pool-away: the pool is away: this share does not count");
    }
    CHECK_FALSE(miner->closed);
    come_back();
    SUBCASE("the same extranonce again: it goes on, whether it can change it or not") {
        grant();
        REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 1; }));
        CHECK(miner->count("mining.set_difficulty") == 1);
        CHECK(miner->count("mining.set_extranonce") == 0);
        CHECK_FALSE(miner->closed);
    }
    SUBCASE("another extranonce, which it cannot change: it is closed and comes again") {
        prefix = 0xbb;
        grant();
        REQUIRE(run_until(loop, [&] { return miner->closed.has_value(); }));
        CHECK(miner->count("mining.notify") == 0);
    }
}

TEST_CASE_FIXTURE(AwayFixture,
                  "a miner that takes mining.set_extranonce is told of another one, and goes on") {
    start();
    begin_work(*miner);
    CHECK(call(*miner, "mining.extranonce.subscribe", nlohmann::json::array())["result"] == true);
    go_away();
    prefix = 0xbb;
    come_back();
    grant();
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 1; }));
    CHECK(miner->count("mining.set_extranonce") == 1);
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(AwayFixture, "who comes while the pool is away is answered when it is back") {
    start();
    begin_work(*miner);
    go_away();
    auto late = connect();
    late->say(1, "mining.subscribe", {"test"});
    late->say(2, "mining.authorize", {"late", "x"});
    REQUIRE(run_until(loop, [&] { return late->answer(2) != nullptr; }));
    CHECK_FALSE(late->answer(1));
    CHECK(submit(*late)["error"][1] == "pool-away: the pool is away: this share does not count");
    come_back();
    grant(0);
    grant(1);
    REQUIRE(run_until(loop, [&] { return late->count("mining.notify") == 1; }));
    CHECK(late->answer(1)->at("result").is_array());
    CHECK_FALSE(late->closed);
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(AwayFixture,
                  "each mining.subscribe is answered, however many come before the channel is open") {
    start();
    for (const int id : {1, 2, 3}) miner->say(id, "mining.subscribe", {"test"});
    miner->say(4, "mining.authorize", {"rig", "x"});
    REQUIRE(run_until(loop, [&] { return sent<msg::OpenExtendedMiningChannel>().size() == 1; }));
    SUBCASE("by the channel") {
        miner->say(5, "mining.subscribe", {"test"});
        REQUIRE(run_until(loop, [&] { return miner->answer(4) != nullptr; }));
        grant();
        REQUIRE(run_until(loop, [&] { return miner->answer(5) && miner->count("mining.notify") == 1; }));
        for (const int id : {1, 2, 3, 5}) {
            REQUIRE(miner->answer(id));
            CHECK(miner->answer(id)->at("result")[1] == "aaaaaaaa");
        }
    }
    SUBCASE("by the refusal") {
        pool.peer().send(msg::OpenMiningChannelError{
            sent<msg::OpenExtendedMiningChannel>()[0].message.request_id, {"no-thanks"}});
        REQUIRE(run_until(loop, [&] { return miner->closed.has_value(); }));
        for (const int id : {1, 2, 3}) {
            REQUIRE(miner->answer(id));
            CHECK(miner->answer(id)->at("error")[1] == "pool refused the channel: no-thanks");
        }
    }
}

TEST_CASE_FIXTURE(
    AwayFixture, "a miner that subscribes again while the pool is away is answered with its new extranonce") {
    start();
    begin_work(*miner);
    go_away();
    miner->say(50, "mining.subscribe", {"test"});
    CHECK(submit(*miner)["error"][0] == 20);
    CHECK_FALSE(miner->answer(50));
    prefix = 0xbb;
    come_back();
    grant();
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 1; }));
    REQUIRE(miner->answer(50));
    CHECK(miner->answer(50)->at("result")[1] == "bbbbbbbb");
    CHECK_FALSE(miner->closed);
}

TEST_CASE_FIXTURE(
    AwayFixture,
    "the pool closes one channel: its miner's shares are refused for that, and it gets another") {
    start();
    begin_work(*miner);
    auto other = connect();
    begin_work(*other, 1);
    miner->say(60, "mining.submit", {"rig", "1", "00000000", "00000001", "00000002"});
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 1; }));
    pool.peer().send(msg::CloseChannel{1, {"too-many-invalid-shares"}});
    REQUIRE(run_until(loop, [&] { return miner->answer(60) != nullptr; }));
    CHECK(miner->answer(60)->at("error")[1] == "pool-closed-channel: too-many-invalid-shares");
    grant(2);
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 1; }));
    CHECK_FALSE(miner->closed);
    CHECK_FALSE(other->closed);
    CHECK(other->count("mining.notify") == 0);
}

TEST_CASE_FIXTURE(AwayFixture, "outage_patience closes those who wait, and tells them why") {
    start(1'500);
    begin_work(*miner);
    go_away();
    auto late = connect();
    late->say(1, "mining.subscribe", {"test"});
    REQUIRE(run_until(loop, [&] { return miner->closed && late->closed; }));
    CHECK(miner->count("client.show_message") == 1);
    REQUIRE(late->answer(1));
    const std::string why = late->answer(1)->at("error")[1];
    CHECK(why.starts_with("the pool has been away for "));
    CHECK(why.find("outage_patience_s") != std::string::npos);
}

TEST_CASE_FIXTURE(AwayFixture, "a pool without a template is waited for, ever less often") {
    start();
    miner->say(1, "mining.subscribe", {"test"});
    miner->say(2, "mining.authorize", {"rig", "x"});
    for (std::size_t i = 0; i < 2; ++i) {
        REQUIRE(run_until(loop, [&] { return sent<msg::OpenExtendedMiningChannel>().size() > i; }));
        pool.peer().send(msg::OpenMiningChannelError{
            sent<msg::OpenExtendedMiningChannel>()[i].message.request_id, {"no-template-yet"}});
    }
    CHECK(submit(*miner)["error"][1] == "pool-away: the pool is away: this share does not count");
    grant(2);
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 1; }));
}

TEST_CASE_FIXTURE(
    AwayFixture,
    "what one miner asks for in one go reaches the pool as a few updates, or ends its connection") {
    start();
    begin_work(*miner);
    auto steady = connect();
    begin_work(*steady, 1);
    std::string lines;
    const std::string name(240, 'w');
    SUBCASE("names") {
        for (int i = 0; i < 40'000; ++i)
            lines += R"({"id":1,"method":"mining.authorize","params":[")" + std::to_string(i) + name +
                     R"(","x"]})"
                     "\n";
    }
    SUBCASE("difficulties") {
        for (int i = 1; i < 40'000; ++i)
            lines +=
                R"({"id":1,"method":"mining.suggest_difficulty","params":[)" + std::to_string(i) + "]}\n";
    }
    SUBCASE("configurations") {
        for (int i = 1; i < 40'000; ++i)
            lines +=
                R"({"id":1,"method":"mining.configure","params":[["minimum-difficulty"],{"minimum-difficulty.value":)" +
                std::to_string(i) + "}]}\n";
    }
    SUBCASE("lines that are no requests") {
        for (int i = 0; i < 40'000; ++i)
            lines += R"({"id":1,"method":"mining.nothing","params":[]})"
                     "\n";
    }
    // In pieces: the client's own send queue is bounded too.
    for (std::size_t at = 0; at < lines.size() && !miner->closed; at += 500'000) {
        miner->connection->send(std::string_view(lines).substr(at, 500'000));
        runs_for(50, [&] { return miner->closed.has_value(); });
    }
    REQUIRE(run_until(loop, [&] { return miner->closed.has_value(); }));
    CHECK(sent<msg::UpdateChannel>().size() <= 3);
    CHECK_FALSE(steady->closed);
    CHECK(call(*steady, "mining.extranonce.subscribe", nlohmann::json::array())["result"] == true);
}

TEST_CASE_FIXTURE(AwayFixture, "the newest wish reaches the pool, a second later at most") {
    start();
    begin_work(*miner);
    for (const double difficulty : {5.0, 6.0, 700.0})
        CHECK(call(*miner, "mining.suggest_difficulty", {difficulty})["result"] == true);
    REQUIRE(run_until(loop, [&] {
        const auto updates = sent<msg::UpdateChannel>();
        return !updates.empty() &&
               updates.back().message.maximum_target.bytes == bitcoin::target_from_difficulty(700);
    }));
    CHECK(sent<msg::UpdateChannel>().size() <= 3);
}

TEST_CASE_FIXTURE(
    AwayFixture,
    "invalid shares: a budget is judged by the pool, as many are refused here, then it is closed") {
    start();
    begin_work(*miner);
    std::size_t judged = 0;
    bool refused = false;
    for (int i = 0; i < 60 && !miner->closed; ++i) {
        const int id = next_id++;
        miner->say(id, "mining.submit", {"rig", "1", "00000000", "00000001", "00000002"});
        REQUIRE(run_until(loop, [&] {
            const auto shares = sent<msg::SubmitSharesExtended>();
            for (; judged < shares.size(); ++judged)
                pool.peer().send(msg::SubmitSharesError{
                    1, shares[judged].message.sequence_number, {"difficulty-too-low"}});
            return miner->answer(id) || miner->closed;
        }));
        if (const auto* answer = miner->answer(id))
            refused = refused || answer->at("error")[1] == wire::refusal_text("too-many-invalid-shares");
    }
    CHECK(refused);
    CHECK(miner->closed.has_value());
    CHECK(judged >= 20);
    CHECK(judged <= 25);
}

TEST_CASE_FIXTURE(AwayFixture,
                  "a miner that has proven nothing has no more shares on their way than its budget") {
    start();
    begin_work(*miner);
    for (int i = 0; i < 50; ++i)
        miner->say(500 + i, "mining.submit", {"rig", "1", "00000000", "00000001", "00000002"});
    REQUIRE(run_until(loop, [&] { return miner->answer(549) != nullptr; }));
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() >= 20; }));
    CHECK(sent<msg::SubmitSharesExtended>().size() == 20);
    for (int i = 20; i < 50; ++i) {
        REQUIRE(miner->answer(500 + i));
        CHECK(miner->answer(500 + i)->at("error")[1] == wire::refusal_text("too-many-outstanding"));
    }
    // What the pool has judged makes room again.
    const auto last = sent<msg::SubmitSharesExtended>().back().message.sequence_number;
    pool.peer().send(msg::SubmitSharesSuccess{1, last, 20, 20});
    REQUIRE(run_until(loop, [&] { return miner->answer(519) != nullptr; }));
    CHECK(miner->answer(519)->at("result") == true);
    miner->say(600, "mining.submit", {"rig", "1", "00000000", "00000001", "00000002"});
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 21; }));
}

TEST_CASE_FIXTURE(AwayFixture,
                  "BIP 323's bits are offered, and a sixth parameter that nobody asked for costs no share") {
    start();
    begin_work(*miner);
    const auto version_of = [&](const nlohmann::json& sixth) {
        const auto before = sent<msg::SubmitSharesExtended>().size();
        nlohmann::json params = {"rig", "1", "00000000", "00000001", "00000002"};
        params.push_back(sixth);
        miner->say(next_id++, "mining.submit", params);
        REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() > before; }));
        return sent<msg::SubmitSharesExtended>().back().message.version;
    };
    for (const auto& sixth :
         {nlohmann::json(nullptr), nlohmann::json(""), nlohmann::json("1fffffe0"), nlohmann::json(7)})
        CHECK(version_of(sixth) == 0);
    const auto granted_mask = call(*miner, "mining.configure",
                                   {{"version-rolling"}, {{"version-rolling.mask", "ffffffff"}}})["result"];
    CHECK(granted_mask["version-rolling.mask"] == "1fffffe0");
    CHECK(version_of("1fffffe0") == 0x1fffffe0);
    CHECK(version_of(nullptr) == 0);
}

TEST_CASE_FIXTURE(AwayFixture, "no difficulty is told above the network's, and it follows the tip") {
    pool.on_extensions = FakePool::refuse;  // one that pays ehash sees to it itself
    start();
    miner->say(1, "mining.subscribe", {"test"});
    miner->say(2, "mining.authorize", {"rig", "x"});
    grant(0, 0x1d00ffff);
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 1; }));
    const auto told = [&] {
        double difficulty = 0;
        for (const auto& message : miner->heard)
            if (message.value("method", nlohmann::json()) == "mining.set_difficulty")
                difficulty = message["params"][0];
        return difficulty;
    };
    CHECK(told() == 0.5);
    pool.peer().send(msg::SetTarget{1, {bitcoin::target_from_difficulty(700.3)}});
    REQUIRE(run_until(loop, [&] { return told() == 1; }));
    // A harder tip: the pool's target, as a whole number that is not below it.
    give_work(1, 2, 0x1a00ffff);
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 2; }));
    CHECK(told() == 701);
    give_work(1, 3, 0x207fffff);
    REQUIRE(run_until(loop, [&] { return miner->count("mining.notify") == 3; }));
    CHECK(told() < 1e-9);
}
