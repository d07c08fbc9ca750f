// Whose each share of an SV1 connection is, as the pool hears it: a whole proxy, a pool made of frames, and
// lines.
#include <fstream>
#include <nlohmann/json.hpp>

#include "ehash/owner.hpp"
#include "mining/vardiff.hpp"
#include "proxy/fake_pool.hpp"
#include "proxy/proxy_service.hpp"
#include "store/temp_dir.hpp"

using namespace hp;
using namespace hp::test;
using nlohmann::json;

namespace {

std::string key_text(std::uint8_t n) {
    Bytes32 secret{};
    secret[31] = n;
    return to_hex(crypto::SecretKey::from_bytes(secret)->public_key());
}
const std::string kRigA = key_text(7) + ".rigA", kRigB = key_text(8) + "_rigB";

struct Miner : net::LineHandler, std::enable_shared_from_this<Miner> {
    std::unique_ptr<net::LineDial> dial;
    std::shared_ptr<net::LineConnection> connection;
    std::vector<json> heard;
    std::optional<std::string> closed;
    void on_line(std::string_view line) override { heard.push_back(json::parse(line)); }
    void on_close(const Error& reason) override { closed = reason.what; }
    const json* answer(int id) const {
        for (const auto& message : heard)
            if (message.value("id", json()) == id && !message.contains("method")) return &message;
        return nullptr;
    }
    const json* last(const std::string& method) const {
        const json* found = nullptr;
        for (const auto& message : heard)
            if (message.value("method", json()) == method) found = &message;
        return found;
    }
};

struct ProxyFixture {
    TempDir dir;
    net::Loop loop;
    FakePool pool{loop};
    std::unique_ptr<recordio::EventSink> sink;
    std::unique_ptr<proxy::ProxyService> proxy;
    std::shared_ptr<Miner> miner = std::make_shared<Miner>();
    std::size_t channels{0};  // opened so far
    int next_id{1};

    void start() {
        proxy::ServiceOptions options;
        options.listen = any_port();
        options.pool.pool = {pool.listener->bound(), pool.authority.xonly()};
        options.terms.min_extranonce_size = 4;
        options.wallet.database = dir.file("wallet.db");
        options.wallet.mint_url = "http://127.0.0.1:9";
        auto opened = recordio::EventSink::open(loop, {.to = dir.file("events")}, "hp-proxy");
        REQUIRE(opened);
        sink = std::move(*opened);
        options.events = sink.get();
        auto started = proxy::ProxyService::start(loop, std::move(options));
        REQUIRE_MESSAGE(started, started.error().what);
        proxy = std::move(*started);
        bool is_ready = false;
        proxy->on_ready = [&] { is_ready = true; };
        REQUIRE(run_until(loop, [&] { return is_ready; }));
        miner->dial = net::LineDial::start(loop, proxy->bound(), 5000, {}, [this](auto connection) {
            REQUIRE(connection);
            miner->connection = *connection;
            miner->connection->set_handler(miner);
        });
        REQUIRE(run_until(loop, [&] { return miner->connection != nullptr; }));
    }
    std::string line(const std::string& method, const json& params, int* id = nullptr) {
        if (id) *id = next_id;
        return json{{"id", next_id++}, {"method", method}, {"params", params}}.dump() + "\n";
    }
    /// The answer to one request.
    json call(const std::string& method, const json& params) {
        int id = 0;
        miner->connection->send(line(method, params, &id));
        REQUIRE(run_until(loop, [&] { return miner->answer(id) != nullptr; }));
        return *miner->answer(id);
    }
    template <sv2::Message M>
    std::vector<sv2::Decoded<M>> sent() const {
        std::vector<sv2::Decoded<M>> out;
        for (std::size_t i = 0; i < pool.peers.back()->frames.size(); ++i)
            if (sv2::split_frame(pool.peers.back()->frames[i])->is<M>())
                out.push_back(pool.peers.back()->frame<M>(i));
        return out;
    }
    /// Answers the next channel that the proxy asks for; gives what it was asked for.
    sv2::Decoded<msg::OpenExtendedMiningChannel> grant_channel() {
        REQUIRE(run_until(loop, [&] { return sent<msg::OpenExtendedMiningChannel>().size() > channels; }));
        auto open = sent<msg::OpenExtendedMiningChannel>()[channels++];
        const auto channel_id = static_cast<std::uint32_t>(channels);
        msg::OpenExtendedMiningChannelSuccess success;
        success.request_id = open.message.request_id;
        success.channel_id = channel_id;
        success.target.bytes.fill(0xff);
        success.extranonce_size = 4;
        success.extranonce_prefix = sv2::B0_32::from(Bytes(4, static_cast<std::uint8_t>(channel_id)));
        pool.peer().send(success);
        msg::NewExtendedMiningJob job;
        job.channel_id = channel_id;
        job.job_id = 1;
        pool.peer().send(job);
        msg::SetNewPrevHash tip;
        tip.channel_id = channel_id;
        tip.job_id = 1;
        tip.nbits = 0x207f'ffff;
        pool.peer().send(tip);
        return open;
    }
    void subscribe_and_work(const std::vector<std::string>& names) {
        std::string lines = line("mining.subscribe", {"test"});
        for (const auto& name : names) lines += line("mining.authorize", {name, "x"});
        miner->connection->send(lines);
        grant_channel();
        REQUIRE(run_until(loop, [&] { return miner->last("mining.notify") != nullptr; }));
    }
    /// Sends a share; the pool's judgement of it is not waited for.
    void submit(const std::string& name) {
        miner->connection->send(line("mining.submit", {name, "1", "00000000", "00000001", "00000002"}));
    }
    /// The proxy's records of a type so far.
    std::vector<json> records(const std::string& type) const {
        std::vector<json> out;
        std::ifstream file{dir.file("events")};
        for (std::string text; std::getline(file, text);) {
            auto record = json::parse(text, nullptr, false);
            if (record.is_object() && record["type"] == type) out.push_back(record);
        }
        return out;
    }
    static std::string owner_of(ByteView tlvs) {
        auto key = sv2::find_tlv(tlvs, sv2::ehash::kExtensionType, sv2::ehash::kLockingPubkeyField);
        REQUIRE(key);
        return *key ? to_hex(**key) : "";
    }
    static std::string name_of(ByteView tlvs) {
        auto name = sv2::find_tlv(tlvs, sv2::ehash::kExtensionType, sv2::ehash::kUserIdentityField);
        REQUIRE(name);
        return *name ? std::string(as_text(**name)) : "";
    }
    void check_suggestion(bool is_early) {
        start();
        json suggestion;
        std::string method = "mining.suggest_difficulty";
        SUBCASE("1e66") { suggestion = 1e66; }
        SUBCASE("1e70") { suggestion = 1e70; }
        SUBCASE("1e308") { suggestion = 1e308; }
        SUBCASE("the smallest number") { suggestion = 5e-324; }
        SUBCASE("1") { suggestion = 1; }
        SUBCASE("no hash meets it") {
            method = "mining.suggest_target";
            suggestion = std::string(64, '0');
        }
        SUBCASE("every hash meets it") {
            method = "mining.suggest_target";
            suggestion = std::string(64, 'f');
        }
        if (is_early) {
            CHECK(call(method, json::array({suggestion}))["result"] == true);
            subscribe_and_work({kRigA});
            CHECK(mining::is_usable_max_target(
                sent<msg::OpenExtendedMiningChannel>()[0].message.max_target.bytes));
        } else {
            subscribe_and_work({kRigA});
            CHECK(call(method, json::array({suggestion}))["result"] == true);
            REQUIRE(run_until(loop, [&] { return sent<msg::UpdateChannel>().size() == 1; }));
            CHECK(mining::is_usable_max_target(sent<msg::UpdateChannel>()[0].message.maximum_target.bytes));
        }
        submit(kRigA);
        REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 1; }));
        CHECK(owner_of(sent<msg::OpenExtendedMiningChannel>()[0].rest) == key_text(7));
        CHECK(owner_of(sent<msg::SubmitSharesExtended>()[0].rest) == "");
    }
};

}  // namespace

TEST_CASE_FIXTURE(ProxyFixture, "each share goes to the owner of its own name") {
    start();
    std::string channel_owner;
    SUBCASE("the channel was opened before any name was known") {
        miner->connection->send(line("mining.subscribe", {"test"}));
        auto open = grant_channel();
        channel_owner = owner_of(open.rest);
        CHECK(open.message.user_identity.value == "");
        REQUIRE(run_until(loop, [&] { return miner->answer(1) != nullptr; }));
        for (const auto& name : {kRigA, kRigB, std::string("plain.rig")})
            CHECK(call("mining.authorize", {name, "x"})["result"] == true);
    }
    SUBCASE("all names came with the subscription") {
        subscribe_and_work({kRigA, kRigB, "plain.rig"});
        channel_owner = owner_of(sent<msg::OpenExtendedMiningChannel>()[0].rest);
        CHECK(channel_owner == key_text(7));
    }
    SUBCASE("the wallet's worker came first") {
        subscribe_and_work({"plain.rig", kRigA, kRigB});
        channel_owner = owner_of(sent<msg::OpenExtendedMiningChannel>()[0].rest);
    }
    if (!run_until(
            loop, [&] { return miner->last("mining.notify") != nullptr; }, 1000))
        for (auto& m : miner->heard) MESSAGE(m.dump());
    for (const auto& name : {kRigA, kRigB, std::string("plain.rig"), kRigA}) submit(name);
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 4; }));
    const auto shares = sent<msg::SubmitSharesExtended>();
    const auto owner = [&](std::size_t at) {
        const auto own = owner_of(shares[at].rest);
        return own.empty() ? channel_owner : own;
    };
    CHECK(owner(0) == key_text(7));
    CHECK(owner(1) == key_text(8));
    CHECK(owner(2) != key_text(7));
    CHECK(owner(2) != key_text(8));
    CHECK(owner(3) == key_text(7));
    CHECK(name_of(shares[1].rest) == kRigB);
    // No update changes the channel's owner: it is told again where the channel is named.
    for (const auto& update : sent<msg::UpdateChannel>()) CHECK(owner_of(update.rest) == channel_owner);
    CHECK(sent<msg::OpenExtendedMiningChannel>().size() == 1);
}

TEST_CASE_FIXTURE(ProxyFixture, "a name that was not authorized is nobody's, and goes nowhere") {
    start();
    subscribe_and_work({kRigA});
    for (const auto& name : {std::string("stranger"), key_text(9), key_text(7), std::string("")})
        CHECK(call("mining.submit", {name, "1", "00000000", "00000001", "00000003"})["error"][0] == 24);
    CHECK(sent<msg::SubmitSharesExtended>().empty());
    submit(kRigA);
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 1; }));
    pool.peer().send(msg::SubmitSharesError{1, 0, {"invalid-locking-key"}});
    REQUIRE(run_until(loop, [&] { return miner->answer(next_id - 1) != nullptr; }));
    CHECK((*miner->answer(next_id - 1))["error"][0] == 24);
}

TEST_CASE_FIXTURE(ProxyFixture, "records tell each worker's shares and quotes apart") {
    start();
    subscribe_and_work({kRigA, kRigB});
    submit(kRigA);
    submit(kRigB);
    submit(kRigB);
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 3; }));
    pool.peer().send(msg::SubmitSharesSuccess{1, 1, 2, 2});
    pool.peer().send(msg::SubmitSharesError{1, 2, {"stale-share"}});
    pool.peer().send(sv2::ehash::QuoteNotification{1, 1, {"quote-b"}, 5});
    pool.peer().send(sv2::ehash::QuoteFailure{1, 0, 6, {"no"}});
    REQUIRE(run_until(loop, [&] { return records("quote_failed").size() == 1; }));
    REQUIRE(records("miner_share_accepted").size() == 2);
    CHECK(records("miner_share_accepted")[0]["worker"] == kRigA);
    CHECK(records("miner_share_accepted")[1]["worker"] == kRigB);
    CHECK(records("miner_share_rejected")[0]["worker"] == kRigB);
    CHECK(records("quote_for_other_key")[0]["worker"] == kRigB);
    CHECK(records("quote_failed")[0]["worker"] == kRigA);
    const auto last_status = [&] {
        const auto all = records("downstream_status");
        return all.empty() ? json::object() : all.back();
    };
    call("mining.authorize", {kRigA, "x"});  // the next status comes with the next tick
    REQUIRE(run_until(loop, [&] { return last_status().value("shares_accepted", 0) == 2; }));
    CHECK(last_status()["worker_count"] == 2);
    const auto status = last_status();
    CHECK(status["worker"] == kRigA);
    CHECK(status["shares_accepted"] == 2);
    CHECK(status["workers"].size() == 2);
    CHECK(status["workers"][0]["shares_accepted"] == 1);
    CHECK(status["workers"][1]["worker"] == kRigB);
    CHECK(status["workers"][1]["shares_rejected"] == 1);
}

TEST_CASE_FIXTURE(ProxyFixture, "a subscription and twenty names in one write are answered") {
    start();
    std::vector<std::string> names;
    for (int n = 0; n < 20; ++n) names.push_back("rig" + std::to_string(n));
    subscribe_and_work(names);
    for (int id = 1; id <= 21; ++id) {
        REQUIRE(miner->answer(id));
        CHECK((*miner->answer(id))["error"] == nullptr);
    }
    CHECK_FALSE(miner->closed);
    CHECK(sent<msg::UpdateChannel>().empty());
}

TEST_CASE_FIXTURE(ProxyFixture, "a mistyped key is refused with the reason, and a right one is taken then") {
    start();
    subscribe_and_work({"plain"});
    const std::string key = key_text(7);
    for (const auto& name : {key.substr(1), key + "0", "0x" + key, " " + key, key + "/rig", key.substr(2)}) {
        const auto answer = call("mining.authorize", {name, "x"});
        CHECK(answer["result"] == false);
        CHECK(answer["error"][0] == 24);
        CHECK(answer["error"][1].get<std::string>().starts_with("invalid locking key: "));
        CHECK(call("mining.submit", {name, "1", "00000000", "00000001", "00000003"})["error"][0] == 24);
    }
    CHECK(call("mining.authorize", {kRigA, "x"})["result"] == true);
    CHECK(sent<msg::SubmitSharesExtended>().empty());
}

TEST_CASE_FIXTURE(ProxyFixture, "what a miner suggests is something that a pool takes: before the channel") {
    check_suggestion(true);
}
TEST_CASE_FIXTURE(ProxyFixture, "what a miner suggests is something that a pool takes: on the channel") {
    check_suggestion(false);
}
TEST_CASE_FIXTURE(ProxyFixture, "without the extension a connection has one owner, named at its opening") {
    pool.on_extensions = FakePool::refuse;
    start();
    subscribe_and_work({kRigA, kRigB});
    CHECK(sent<msg::OpenExtendedMiningChannel>()[0].message.user_identity.value == kRigA);
    CHECK((*miner->answer(2))["result"] == true);
    CHECK((*miner->answer(3))["result"] == false);
    CHECK((*miner->answer(3))["error"][0] == 24);
    CHECK((*miner->answer(3))["error"][1].get<std::string>().find("one owner") != std::string::npos);
    CHECK(call("mining.authorize", {"plain", "x"})["result"] == false);
    CHECK(call("mining.authorize", {key_text(7) + ".rigC", "x"})["result"] == true);
    CHECK(call("mining.submit", {kRigB, "1", "00000000", "00000001", "00000003"})["error"][0] == 24);
    submit(kRigA);
    submit(key_text(7) + ".rigC");
    REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 2; }));
    for (const auto& share : sent<msg::SubmitSharesExtended>()) CHECK(share.rest.empty());
    CHECK(sent<msg::OpenExtendedMiningChannel>().size() == 1);
}

TEST_CASE_FIXTURE(ProxyFixture, "without the extension, a key that comes after the channel") {
    pool.on_extensions = FakePool::refuse;
    start();
    miner->connection->send(line("mining.subscribe", {"test"}));
    auto open = grant_channel();
    const auto wallets = ehash::key_from_name(open.message.user_identity.value);
    REQUIRE(wallets);
    REQUIRE(*wallets);
    REQUIRE(run_until(loop, [&] { return miner->answer(1) != nullptr; }));
    SUBCASE("is refused, where the miner cannot change its extranonce: no share is the wallet's instead") {
        const auto answer = call("mining.authorize", {kRigA, "x"});
        CHECK(answer["result"] == false);
        CHECK(answer["error"][0] == 24);
        CHECK(call("mining.submit", {kRigA, "1", "00000000", "00000001", "00000003"})["error"][0] == 24);
        CHECK(sent<msg::SubmitSharesExtended>().empty());
        CHECK(call("mining.authorize", {"plain", "x"})["result"] == true);
    }
    SUBCASE("gets a channel of its own, where it can") {
        CHECK(call("mining.extranonce.subscribe", json::array())["result"] == true);
        CHECK(call("mining.authorize", {kRigA, "x"})["result"] == true);
        // Until the pool has confirmed it, no share is taken.
        CHECK(call("mining.submit", {kRigA, "1", "00000000", "00000001", "00000003"})["error"] != nullptr);
        REQUIRE(run_until(loop, [&] { return sent<msg::CloseChannel>().size() == 1; }));
        CHECK(sent<msg::CloseChannel>()[0].message.channel_id == 1);
        CHECK(grant_channel().message.user_identity.value == kRigA);
        REQUIRE(run_until(loop, [&] { return miner->last("mining.notify") != nullptr; }));
        CHECK((*miner->last("mining.set_extranonce"))["params"][0] == "02020202");
        submit(kRigA);
        REQUIRE(run_until(loop, [&] { return sent<msg::SubmitSharesExtended>().size() == 1; }));
        CHECK(sent<msg::SubmitSharesExtended>()[0].message.channel_id == 2);
        CHECK(call("mining.authorize", {"plain", "x"})["result"] == false);
    }
}
