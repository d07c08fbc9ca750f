#include "templates/rpc_source.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "net/net_fixture.hpp"

using namespace hp;
using namespace hp::templates;
using hp::test::run_until;
using Json = nlohmann::json;

namespace {

/// A node that says what the test wants: a template that the test edits, long polls that the test ends.
struct FakeNode {
    explicit FakeNode(net::Loop& loop) {
        std::ifstream in{HP_SOURCE_DIR "/tests/unit/templates/getblocktemplate-btcd.json"};
        reply = Json::parse(in);
        auto listening =
            net::HttpServer::listen(loop, test::any_port(), {}, false,
                                    [this](const net::HttpRequest& request, net::HttpServer::Reply answer) {
                                        serve(request, answer);
                                    });
        REQUIRE(listening);
        server = std::move(*listening);
    }
    std::string url() const { return "http://" + server->bound().text(); }
    void serve(const net::HttpRequest& request, const net::HttpServer::Reply& answer) {
        authorizations.push_back(request.header("Authorization"));
        if (!authorization.empty() && authorizations.back() != authorization)
            return answer({.status = 401, .body = "no"});
        if (http_error.status != 200) return answer(http_error);
        Json call = Json::parse(request.body);
        const std::string method = call["method"];
        methods.push_back(method);
        if (method == "getblockchaininfo")
            return answer({.body = Json{{"result",
                                         {{"chain", chain},
                                          {"blocks", blocks_known},
                                          {"headers", headers_known},
                                          {"initialblockdownload", in_download}}}}
                                       .dump()});
        if (method == "submitblock") {
            blocks.push_back(call["params"][0]);
            Json out = submit_replies.empty() ? Json{{"result", nullptr}} : submit_replies.front();
            if (!submit_replies.empty()) submit_replies.pop_front();
            return answer({.status = out.contains("error") ? 500 : 200, .body = out.dump()});
        }
        if (method == "getblockhash") {
            if (hash_at_height.empty())
                return answer(
                    {.status = 500,
                     .body = R"({"result":null,"error":{"code":-8,"message":"Block height out of range"}})"});
            return answer({.body = Json{{"result", hash_at_height}}.dump()});
        }
        if (call["params"][0].contains("longpollid")) {
            long_polls.push_back(answer);
            return;
        }
        answer({.body = reply.dump()});
    }
    void end_long_polls() {
        for (auto& answer : std::exchange(long_polls, {})) answer({.body = reply.dump()});
    }
    std::size_t count(const std::string& method) const {
        return static_cast<std::size_t>(std::count(methods.begin(), methods.end(), method));
    }
    Json reply;
    std::string chain{"regtest"};
    int blocks_known{1}, headers_known{2};  ///< a node of regtest may be behind
    bool in_download{true};
    std::string authorization;
    std::string hash_at_height;  ///< of whichever is asked for; empty: the chain is shorter
    net::HttpResponse http_error{};
    std::vector<std::string> authorizations, methods, blocks;
    std::deque<Json> submit_replies;
    std::vector<net::HttpServer::Reply> long_polls;
    std::unique_ptr<net::HttpServer> server;
};

struct RpcBench {
    net::Loop loop;
    FakeNode node{loop};
    std::vector<std::shared_ptr<const BlockTemplate>> got;
    std::unique_ptr<RpcSource> source;
    std::vector<std::string> troubles;
    void start(RpcClient::Options rpc = {}, const std::string& network = "regtest",
               std::int64_t refresh_s = 60) {
        if (rpc.url.empty()) rpc.url = node.url();
        start(RpcSource::Options{.rpc = rpc, .network = network, .fee_refresh_s = refresh_s});
    }
    void start(RpcSource::Options options) {
        source = std::make_unique<RpcSource>(loop, std::move(options));
        source->on_trouble = [this](const std::string& why) { troubles.push_back(why); };
        source->start([this](auto block) { got.push_back(std::move(block)); });
    }
    bool got_count(std::size_t count) {
        return run_until(loop, [&] { return got.size() >= count; });
    }
};

}  // namespace

TEST_CASE("a long poll brings the next tip at once") {
    RpcBench bench;
    bench.start();
    REQUIRE(bench.got_count(1));
    CHECK(bench.got[0]->height == 462);
    REQUIRE(run_until(bench.loop, [&] { return bench.node.long_polls.size() == 1; }));
    bench.node.reply["result"]["height"] = 463;
    bench.node.reply["result"]["previousblockhash"] = std::string(64, '1');
    bench.loop.post([&bench] { bench.node.end_long_polls(); });
    REQUIRE(bench.got_count(2));
    CHECK(bench.got[1]->height == 463);
    CHECK(bench.got[1]->transactions[0] == bench.got[0]->transactions[0]);  // shared, not read again
    CHECK(run_until(bench.loop, [&] { return bench.node.long_polls.size() == 1; }));
}

TEST_CASE("on one tip only templates that pay more are passed on") {
    RpcBench bench;
    bench.start({}, "regtest", 1);
    REQUIRE(bench.got_count(1));
    Json& value = bench.node.reply["result"]["coinbasevalue"];
    value = value.get<std::uint64_t>() - 1;
    bench.node.reply["result"]["curtime"] = bench.node.reply["result"]["curtime"].get<std::uint32_t>() + 1;
    REQUIRE(run_until(bench.loop, [&] { return bench.node.count("getblocktemplate") >= 4; }));
    CHECK(bench.got.size() == 1);
    value = value.get<std::uint64_t>() + 2;
    REQUIRE(bench.got_count(2));
    CHECK(bench.got[1]->coinbase_sats == bench.got[0]->coinbase_sats + 1);
}

TEST_CASE("a node of another network gives us nothing") {
    RpcBench bench;
    bench.node.chain = "main";
    bench.start();
    REQUIRE(run_until(bench.loop, [&] { return bench.node.count("getblockchaininfo") >= 2; }));
    CHECK(bench.node.count("getblocktemplate") == 0);
    bench.node.chain = "regtest";
    CHECK(bench.got_count(1));
}

TEST_CASE("a node that is syncing is asked again") {
    RpcBench bench;
    Json good = bench.node.reply;
    bench.node.reply = Json{{"result", nullptr}, {"error", {{"code", -10}, {"message", "Downloading"}}}};
    bench.start();
    REQUIRE(run_until(bench.loop, [&] { return bench.node.count("getblocktemplate") >= 2; }));
    CHECK(bench.got.empty());
    bench.node.reply = good;
    CHECK(bench.got_count(1));
}

TEST_CASE("the cookie is read again when the node has made a new one") {
    std::string path = (std::filesystem::temp_directory_path() / "hp-cookie-XXXXXX").string();
    int fd = ::mkstemp(path.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    auto write = [&](const char* text) { std::ofstream{path} << text; };
    RpcBench bench;
    write("__cookie__:one\n");
    bench.node.authorization = "Basic X19jb29raWVfXzpvbmU=";
    bench.start({.url = {}, .cookie_file = path}, "regtest", 1);
    REQUIRE(bench.got_count(1));
    write("__cookie__:two\n");
    bench.node.authorization = "Basic X19jb29raWVfXzp0d28=";
    bench.node.reply["result"]["height"] = 463;
    bench.node.reply["result"]["previousblockhash"] = std::string(64, '1');
    REQUIRE(bench.got_count(2));
    std::filesystem::remove(path);
}

TEST_CASE("blocks are handed in until the node has answered, and the chain decides") {
    RpcBench bench;
    bench.start();
    REQUIRE(bench.got_count(1));
    const BlockId id{462, Bytes32{7}};
    std::vector<Verdict> verdicts;
    auto block = std::make_shared<const Bytes>(Bytes{0xab, 0xcd});
    auto submit = [&] {
        bench.source->submit(block, id, [&](const Verdict& verdict) { verdicts.push_back(verdict); });
        const auto count = verdicts.size() + 1;
        REQUIRE(run_until(bench.loop, [&] { return verdicts.size() == count; }));
        return verdicts.back();
    };
    const auto answers = [&](const char* word) { bench.node.submit_replies = {Json{{"result", word}}}; };
    bench.node.hash_at_height = to_hex_reversed(id.hash);
    CHECK(submit().accepted());
    CHECK(bench.node.blocks == std::vector<std::string>{"abcd"});
    for (const char* word : {"high-hash", "stale-prevblk", "bad-txnmrklroot", "duplicate-invalid", "rejected",
                             "rejected: block timestamp of 5 is too far in the future"}) {
        answers(word);
        CHECK(submit().fate == Fate::rejected);
        CHECK(verdicts.back().reason == word);
    }
    // The node has it already: which block is in the chain, it is asked for.
    for (const char* word :
         {"duplicate", "duplicate-inconclusive", "inconclusive", "rejected: already have block 07"}) {
        answers(word);
        CHECK(submit().accepted());
        CHECK(verdicts.back().is_repeat == (std::string(word) != "inconclusive"));
    }
    bench.node.hash_at_height = std::string(64, '5');
    answers("inconclusive");
    CHECK(submit().fate == Fate::side_branch);
    CHECK(verdicts.back().reason == "inconclusive");
    // btcd says null for a block of a side branch too.
    CHECK(submit().fate == Fate::side_branch);
    bench.node.submit_replies = {
        Json{{"result", nullptr}, {"error", {{"code", -22}, {"message", "decode"}}}}};
    CHECK(submit().reason == "decode (-22)");
    // A node that is starting has not answered yet; and what it has from us, it has not from another.
    bench.node.hash_at_height = to_hex_reversed(id.hash);
    bench.node.submit_replies = {
        Json{{"result", nullptr}, {"error", {{"code", -28}, {"message", "Loading"}}}},
        Json{{"result", "duplicate"}}};
    CHECK(submit().accepted());
    CHECK_FALSE(verdicts.back().is_repeat);
}

TEST_CASE("a block that leaves the chain is told, and so is that it comes back") {
    RpcBench bench;
    bench.start();
    REQUIRE(bench.got_count(1));
    const BlockId id{462, Bytes32{7}};
    std::vector<Verdict> verdicts;
    bench.node.hash_at_height = to_hex_reversed(id.hash);
    bench.source->submit(std::make_shared<const Bytes>(Bytes{1}), id,
                         [&](const Verdict& verdict) { verdicts.push_back(verdict); });
    REQUIRE(run_until(bench.loop, [&] { return verdicts.size() == 1; }));
    int tip = 1;
    const auto next_tip = [&](const std::string& hash_at_height) {
        REQUIRE(run_until(bench.loop, [&] { return !bench.node.long_polls.empty(); }));
        bench.node.hash_at_height = hash_at_height;
        bench.node.reply["result"]["height"] = 462 + tip;
        bench.node.reply["result"]["previousblockhash"] = std::string(63, '1') + std::to_string(tip);
        ++tip;
        bench.loop.post([&bench] { bench.node.end_long_polls(); });
    };
    next_tip(std::string(64, '5'));
    REQUIRE(run_until(bench.loop, [&] { return verdicts.size() == 2; }));
    CHECK(verdicts[1].fate == Fate::side_branch);
    next_tip(to_hex_reversed(id.hash));
    REQUIRE(run_until(bench.loop, [&] { return verdicts.size() == 3; }));
    CHECK(verdicts[2].accepted());
    // A shorter chain does not have it either.
    next_tip({});
    REQUIRE(run_until(bench.loop, [&] { return verdicts.size() == 4; }));
    CHECK(verdicts[3].fate == Fate::side_branch);
}

TEST_CASE("what a node says in an HTTP error is passed on, to the log and to the status") {
    RpcBench bench;
    bench.node.http_error = {
        .status = 503, .body = "Work queue depth exceeded\r\n", .content_type = "text/plain"};
    std::vector<std::string> troubles;
    RpcClient::Options rpc{.url = bench.node.url()};
    bench.source = std::make_unique<RpcSource>(
        bench.loop, RpcSource::Options{.rpc = rpc, .network = "regtest", .fee_refresh_s = 60});
    bench.source->on_trouble = [&](const std::string& why) { troubles.push_back(why); };
    bench.source->start([&](auto block) { bench.got.push_back(std::move(block)); });
    REQUIRE(run_until(bench.loop, [&] { return troubles.size() == 1; }));
    CHECK(troubles[0] == "the node answers with HTTP status 503: Work queue depth exceeded");
    bench.node.http_error.status = 200;
    REQUIRE(bench.got_count(1));
    CHECK(troubles.back().empty());
}

namespace {

/// A bench whose node is of mainnet, with all blocks.
struct MainBench : RpcBench {
    explicit MainBench(std::int64_t refresh_s = 60) {
        node.chain = "main";
        node.blocks_known = node.headers_known = 900'000;
        node.in_download = false;
        options = {.rpc = {.url = node.url()}, .network = "mainnet", .fee_refresh_s = refresh_s};
    }
    void next_tip(int height) {
        node.reply["result"]["height"] = height;
        node.reply["result"]["previousblockhash"] = std::string(60, '1') + std::to_string(1000 + height);
    }
    bool has_asked(const std::string& method, std::size_t more) {
        const auto until = node.count(method) + more;
        return run_until(loop, [&] { return node.count(method) >= until; });
    }
    RpcSource::Options options;
};

constexpr const char* kInDownload =
    "the node is behind its network, no work until it has caught up: it is in initial block download";
constexpr const char* kLacksBlocks =
    "the node is behind its network, no work until it has caught up: it knows headers of blocks that it does "
    "not have";

}  // namespace

TEST_CASE("a node that is behind is no source until it has caught up, and says why once") {
    MainBench bench;
    bench.node.in_download = true;
    bench.start(bench.options);
    REQUIRE(bench.has_asked("getblockchaininfo", 2));
    CHECK(bench.troubles == std::vector<std::string>{kInDownload});
    bench.node.in_download = false;
    bench.node.headers_known = 900'001;
    REQUIRE(run_until(bench.loop, [&] { return bench.troubles.size() == 2; }));
    bench.node.headers_known = 900'002;  // other counts are no other reason
    REQUIRE(bench.has_asked("getblockchaininfo", 2));
    CHECK(bench.troubles == std::vector<std::string>{kInDownload, kLacksBlocks});
    CHECK(bench.node.count("getblocktemplate") == 0);
    bench.node.blocks_known = 900'002;
    REQUIRE(bench.got_count(1));
    CHECK(run_until(bench.loop, [&] { return bench.troubles.back().empty(); }));
}

TEST_CASE("a node that is behind is a source with allow_ibd, and on regtest") {
    MainBench allowed;
    allowed.node.in_download = true;
    allowed.options.allow_ibd = true;
    allowed.start(allowed.options);
    CHECK(allowed.got_count(1));
    RpcBench regtest;
    regtest.start();
    CHECK(regtest.got_count(1));
    CHECK(regtest.troubles.empty());
}

TEST_CASE("a node that falls behind later is no source either, and its long polls bring nothing") {
    MainBench bench{1};
    bench.options.behind_grace_ms = 0;
    bench.start(bench.options);
    REQUIRE(bench.got_count(1));
    REQUIRE(run_until(bench.loop, [&] { return !bench.node.long_polls.empty(); }));
    bench.node.headers_known = 900'100;
    REQUIRE(run_until(bench.loop, [&] { return bench.troubles.size() == 1; }));
    CHECK(bench.troubles[0] == kLacksBlocks);
    bench.next_tip(463);
    bench.loop.post([&bench] { bench.node.end_long_polls(); });
    REQUIRE(bench.has_asked("getblockchaininfo", 2));
    CHECK(bench.got.size() == 1);
    bench.next_tip(464);
    bench.node.blocks_known = 900'100;
    REQUIRE(bench.got_count(2));
    CHECK(bench.got[1]->height == 464);
    CHECK(run_until(bench.loop, [&] { return bench.troubles.back().empty(); }));
}

TEST_CASE(
    "a header that is there before its block does not interrupt a source; initial block download does") {
    MainBench bench{1};
    bench.start(bench.options);
    REQUIRE(bench.got_count(1));
    bench.node.headers_known = 900'001;
    REQUIRE(bench.has_asked("getblocktemplate", 2));
    CHECK(bench.troubles.empty());
    bench.node.in_download = true;
    REQUIRE(run_until(bench.loop, [&] { return bench.troubles.size() == 1; }));
    CHECK(bench.troubles[0] == kInDownload);
}

TEST_CASE("refresh asks at once, and a node that is away too") {
    MainBench bench{3600};
    bench.node.reply["result"].erase("longpollid");
    bench.start(bench.options);
    REQUIRE(bench.got_count(1));
    bench.next_tip(463);
    bench.source->refresh();
    bench.source->refresh();
    REQUIRE(bench.got_count(2));
    CHECK(bench.got[1]->height == 463);
    bench.node.http_error.status = 503;
    bench.source->refresh();
    REQUIRE(run_until(bench.loop, [&] { return bench.troubles.size() == 1; }));
    bench.node.http_error.status = 200;
    bench.next_tip(464);
    bench.source->refresh();
    REQUIRE(bench.got_count(3));
    CHECK(bench.troubles.back().empty());
}
