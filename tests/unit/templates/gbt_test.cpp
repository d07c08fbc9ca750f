#include "templates/gbt.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bitcoin/coinbase.hpp"
#include "bitcoin/merkle.hpp"

using namespace hp;
using namespace hp::templates;
using Json = nlohmann::json;

namespace {

/// Recorded from btcd 0.24.2 on regtest: seven transactions, six of them with witnesses.
Json recorded() {
    std::ifstream in{HP_SOURCE_DIR "/tests/unit/templates/getblocktemplate-btcd.json"};
    REQUIRE(in);
    return Json::parse(in);
}

std::string error_of(const Json& reply) {
    auto parsed = parse_block_template(reply.dump());
    return parsed ? "accepted" : parsed.error().what;
}

}  // namespace

TEST_CASE("btcd's template is read") {
    Json reply = recorded();
    auto parsed = parse_block_template(reply.dump());
    REQUIRE_MESSAGE(parsed, parsed.error().what);
    REQUIRE(parsed->value);
    CHECK_FALSE(parsed->fault);
    const BlockTemplate& block = *parsed->value->block;
    CHECK(block.height == 462);
    CHECK(block.version == 0x2040'0000);
    CHECK(block.nbits == 0x207f'ffff);
    CHECK(to_hex_reversed(block.prev_hash) ==
          "5c01670ae6ece08f4150cf21bcbed81a892eb919df67924ef1cf844879fa9d9d");
    CHECK(block.header_time == reply["result"]["curtime"].get<std::uint32_t>());
    CHECK(block.transactions.size() == 7);
    CHECK(block.with_commitment);
    CHECK(block.transactions[0]->weight == 764);
    CHECK(block.transactions[1]->weight == 437);
    CHECK(to_hex_reversed(block.transactions[1]->txid) ==
          "41c3d463bd084462b3e0bcd7b6eddaa865718e402c55ee456943b19b80647781");
    // Regtest halves every 150 blocks.
    bitcoin::Sats fees = 0;
    for (const auto& transaction : block.transactions) fees += transaction->fee_sats;
    CHECK(block.coinbase_sats == bitcoin::block_subsidy(462, 150) + fees);
    CHECK(parsed->value->long_poll_id == reply["result"]["longpollid"].get<std::string>());
    CHECK(parsed->value->block->coinbase_flags.size() == 12);
}

TEST_CASE("Bitcoin Core gives the commitment as a script, btcd as 32 bytes: both are checked") {
    Json reply = recorded();
    auto parsed = parse_block_template(reply.dump());
    REQUIRE(parsed);
    Json& commitment = reply["result"]["default_witness_commitment"];
    const std::string bare = commitment;
    commitment = "6a24aa21a9ed" + bare;
    CHECK(to_hex(witness_commitment_script(*parsed->value->block)) == commitment);
    CHECK(error_of(reply) == "accepted");
    commitment = "6a24aa21a9ed" + bare.substr(2) + "00";
    CHECK(error_of(reply).find("is not the commitment of these transactions") != std::string::npos);
    commitment = bare.substr(2) + "00";
    CHECK(error_of(reply).find("is not the commitment of these transactions") != std::string::npos);
    reply["result"].erase("default_witness_commitment");
    CHECK(error_of(reply).find("default_witness_commitment: missing") != std::string::npos);
}

TEST_CASE("a template without witnesses needs no commitment") {
    Json reply = recorded();
    reply["result"].erase("default_witness_commitment");
    reply["result"]["transactions"] = Json::array({reply["result"]["transactions"][0]});
    auto parsed = parse_block_template(reply.dump());
    REQUIRE_MESSAGE(parsed, parsed.error().what);
    CHECK_FALSE(parsed->value->block->with_commitment);
}

TEST_CASE("a template that cannot be trusted is refused with the field's name") {
    struct Fault {
        const char* pointer;
        Json value;
        const char* expected;
    };
    const std::vector<Fault> faults{
        {"/result", 5, "result: must be an object"},
        {"/result/height", 0, "height: must be a whole number from 1"},
        {"/result/height", 1.5, "height: must be a whole number"},
        {"/result/height", "462", "height: must be a whole number"},
        {"/result/height", 18446744073709551615ull, "height: must be a whole number"},
        {"/result/version", 4294967296ull, "version: must be"},
        {"/result/curtime", -1, "curtime: must be"},
        {"/result/mintime", 4294967296ull, "mintime: must be"},
        {"/result/coinbasevalue", 2'100'000'000'000'001ull, "coinbasevalue: must be"},
        {"/result/coinbasevalue", 50'000, "coinbasevalue: is 50000, less than the fees"},
        {"/result/previousblockhash", "00", "previousblockhash: must be 32 bytes"},
        {"/result/previousblockhash", "zz", "previousblockhash: "},
        {"/result/bits", "207fffff0", "bits: must be up to 8 hex digits"},
        {"/result/bits", "", "bits: must be up to 8 hex digits"},
        {"/result/bits", "1d00ffff", "target: does not match bits"},
        {"/result/bits", "1d80ffff", "target: does not match bits"},
        {"/result/target", "00", "target: must be 32 bytes"},
        {"/result/rules", Json::array({"csv", "!new-rule"}), "requires an unknown rule: '!new-rule'"},
        {"/result/transactions", 5, "transactions: must be an array"},
        {"/result/transactions/2", 5, "transactions[2]: must be an object"},
        {"/result/transactions/2/data", "00", "transactions[2].data: "},
        {"/result/transactions/2/fee", -1, "transactions[2].fee: must be"},
        {"/result/transactions/2/sigops", 80'001, "transactions[2].sigops: must be"},
        {"/result/transactions/2/txid", std::string(64, '0'), "transactions[2].txid: data hashes to"},
        {"/result/transactions/2/hash", std::string(64, '0'), "transactions[2].hash: data hashes to"},
        {"/result/longpollid", std::string(513, 'x'), "longpollid: longer than"},
        {"/error", "no", "error: must be an object"},
    };
    for (const Fault& fault : faults) {
        Json reply = recorded();
        reply[Json::json_pointer(fault.pointer)] = fault.value;
        std::string error = error_of(reply);
        CHECK_MESSAGE(error.find(fault.expected) != std::string::npos, fault.pointer, " gave: ", error);
    }
    for (const char* name : {"height", "version", "curtime", "mintime", "coinbasevalue", "previousblockhash",
                             "bits", "target", "transactions"}) {
        Json reply = recorded();
        reply["result"].erase(name);
        CHECK(error_of(reply).find(std::string(name) + ": missing") != std::string::npos);
    }
}

TEST_CASE("rules of a known name do not stop us") {
    Json reply = recorded();
    reply["result"]["rules"] = Json::array({"csv", "!segwit", "taproot", "testdummy"});
    CHECK(error_of(reply) == "accepted");
}

TEST_CASE("what is no JSON-RPC answer says so") {
    for (const char* body : {"", "[]", "5", "<html>", "{\"result\":", "{}"}) {
        CHECK_FALSE(parse_block_template(body));
        CHECK_FALSE(parse_submit_block(body));
        CHECK_FALSE(parse_chain_state(body));
    }
    std::string deep(100'000, '[');
    CHECK_FALSE(parse_block_template(deep));
}

TEST_CASE("a node is behind in initial block download, and while it lacks blocks whose headers it has") {
    const auto state = [](Json more) {
        Json result{{"chain", "main"}, {"blocks", 900'000}, {"headers", 900'000}};
        result.update(more);
        return parse_chain_state(Json{{"result", result}}.dump());
    };
    CHECK_FALSE(state(Json::object())->value->is_behind());  // btcd leaves the field out
    CHECK_FALSE(state({{"initialblockdownload", false}})->value->is_behind());
    CHECK(state({{"initialblockdownload", true}})->value->is_behind());
    CHECK(state({{"headers", 900'001}})->value->is_behind());
    // btcd may count fewer headers than blocks for a moment.
    CHECK_FALSE(state({{"headers", 899'999}})->value->is_behind());
    for (const Json& wrong : {Json(1), Json("true"), Json(nullptr)}) {
        const auto reply = state({{"initialblockdownload", wrong}});
        REQUIRE_FALSE(reply);
        CHECK(reply.error().what.find("initialblockdownload") != std::string::npos);
    }
}

TEST_CASE("transactions that are known already are shared") {
    Json reply = recorded();
    auto first = parse_block_template(reply.dump());
    REQUIRE(first);
    auto second = parse_block_template(reply.dump(), first->value->block.get());
    REQUIRE(second);
    CHECK(second->value->block->transactions == first->value->block->transactions);
    reply["result"]["transactions"][3]["fee"] = 9000;  // the same bytes, told otherwise
    auto third = parse_block_template(reply.dump(), first->value->block.get());
    REQUIRE(third);
    CHECK(third->value->block->transactions[3] != first->value->block->transactions[3]);
}

TEST_CASE("a node without work is not a node that refuses") {
    auto fault = [](int code) {
        Json reply{{"result", nullptr}, {"error", {{"code", code}, {"message", "line\nbreak"}}}, {"id", 1}};
        auto parsed = parse_block_template(reply.dump());
        REQUIRE(parsed);
        REQUIRE(parsed->fault);
        CHECK(parsed->fault->message.find('\n') == std::string::npos);
        return parsed->fault->not_ready();
    };
    CHECK(fault(-28));
    CHECK(fault(-10));
    CHECK(fault(-9));
    CHECK_FALSE(fault(-8));
    CHECK_FALSE(fault(-32601));
}

TEST_CASE("submitblock answers null or a reason") {
    auto accepted = parse_submit_block(R"({"result":null,"error":null,"id":1})");
    REQUIRE(accepted);
    CHECK(accepted->value->empty());
    auto refused = parse_submit_block(R"({"result":"high-hash","error":null,"id":1})");
    REQUIRE(refused);
    CHECK(*refused->value == "high-hash");
    CHECK_FALSE(parse_submit_block(R"({"result":true,"error":null,"id":1})"));
}

TEST_CASE("a node of another network is told by its own names") {
    CHECK(chain_fits_network("main", "mainnet"));
    CHECK(chain_fits_network("mainnet", "mainnet"));  // btcd
    CHECK(chain_fits_network("simnet", "regtest"));   // btcd
    CHECK(chain_fits_network("testnet4", "testnet4"));
    CHECK(chain_fits_network("signet", "signet"));
    CHECK_FALSE(chain_fits_network("test", "testnet4"));
    CHECK_FALSE(chain_fits_network("regtest", "mainnet"));
    CHECK_FALSE(chain_fits_network("main", "regtest"));
    CHECK_FALSE(chain_fits_network("sim", "sim"));
}

TEST_CASE("a signet that only its operator can mine is told") {
    Json reply = recorded();
    reply["result"]["signet_challenge"] = "51";
    CHECK_FALSE(parse_block_template(reply.dump())->value->needs_signature);
    reply["result"]["signet_challenge"] = "5121" + std::string(66, '0') + "51ae";
    CHECK(parse_block_template(reply.dump())->value->needs_signature);
}

TEST_CASE("what is no JSON-RPC is shown in its own words") {
    const auto reply = parse_submit_block("<html><title>404 Not Found</title></html>");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().what == "node's answer is not a JSON object: 404 Not Found");
}

TEST_CASE("the words of a node's HTTP error, whatever they stand in") {
    CHECK(words_of_error("Work queue depth exceeded") == "Work queue depth exceeded");
    CHECK(words_of_error("\r\n  busy \r\nmore") == "busy");
    CHECK(
        words_of_error(R"({"result":null,"error":{"code":-28,"message":"Loading block index..."},"id":1})") ==
        "Loading block index...");
    CHECK(words_of_error("<html><head><title>503 Service Temporarily Unavailable</title></head></html>") ==
          "503 Service Temporarily Unavailable");
    for (const char* nothing : {"", " \n", "<html><body>x</body></html>", "{}"})
        CHECK(words_of_error(nothing).empty());
    CHECK(words_of_error("evil\x1b[2J").find('\x1b') == std::string::npos);
    CHECK(words_of_error(std::string(100'000, 'x')).size() < 300);
}

TEST_CASE("what nodes mean by their answers to submitblock") {
    CHECK(answer_from_word("") == Answer::taken);
    for (const char* known : {"duplicate", "rejected: already have block 00000000000000000001"})
        CHECK(answer_from_word(known) == Answer::known);
    for (const char* unsettled : {"inconclusive", "duplicate-inconclusive"})
        CHECK(answer_from_word(unsettled) == Answer::unsettled);
    for (const char* refused :
         {"duplicate-invalid", "rejected", "high-hash", "stale-prevblk", "bad-cb-amount",
          "rejected: block hash of 5 is higher than expected max of 4"})
        CHECK(answer_from_word(refused) == Answer::refused);
}

TEST_CASE("getblockhash answers a hash, shown reversed") {
    const auto reply = parse_block_hash(R"({"result":"07)" + std::string(62, '0') + R"(","error":null})");
    REQUIRE(reply);
    CHECK(reply->value->back() == 7);
    CHECK_FALSE(parse_block_hash(R"({"result":"07"})"));
    CHECK_FALSE(parse_block_hash(R"({"result":5})"));
    const auto beyond =
        parse_block_hash(R"({"result":null,"error":{"code":-8,"message":"Block height out of range"}})");
    REQUIRE(beyond);
    CHECK(beyond->fault->is_out_of_range());
}
