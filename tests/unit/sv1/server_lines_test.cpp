// What servers send: built by us, read back by us, and read from the recorded dialogues.
#include <cmath>

#include "base/json_text.hpp"
#include "dialogue.hpp"
#include "sv1/build.hpp"
#include "sv1/parse.hpp"

using namespace hp;
using namespace hp::sv1;
using test::Json;

namespace {

template <class Message>
Message read_back(const std::string& line) {
    REQUIRE(line.ends_with("\n"));
    REQUIRE(line.find('\n') == line.size() - 1);
    Parser parser;
    auto message = parser.from_server(std::string_view(line).substr(0, line.size() - 1));
    REQUIRE_MESSAGE(message.has_value(), message.error().what);
    REQUIRE(std::holds_alternative<Message>(*message));
    return std::get<Message>(*std::move(message));
}

Bytes32 counting() {
    Bytes32 out;
    for (std::size_t i = 0; i < 32; ++i) out[i] = static_cast<std::uint8_t>(i);
    return out;
}

}  // namespace

TEST_CASE("the previous hash goes out word by word, numbers big-endian") {
    Notify notify;
    notify.job_id = "7f";
    notify.prev_hash = counting();
    notify.coinbase1 = {0x01, 0x02};
    notify.coinbase2 = {0xfe};
    notify.merkle_branch = {counting()};
    notify.version = 0x20000000;
    notify.nbits = 0x1d00ffff;
    notify.ntime = 0x504e86b9;
    notify.clean_jobs = true;
    std::string line;
    append_notify(line, notify);
    CHECK(line == R"({"id":null,"method":"mining.notify","params":["7f",)"
                  R"("03020100070605040b0a09080f0e0d0c13121110171615141b1a19181f1e1d1c","0102","fe",)"
                  R"(["000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"],)"
                  R"("20000000","1d00ffff","504e86b9",true]})"
                  "\n");
    CHECK(read_back<Notify>(line) == notify);
    CHECK(swap_words(swap_words(counting())) == counting());
}

TEST_CASE("an SV2 job as SV1 gives the miner the same coinbase") {
    const Bytes prefix{0xaa, 0xbb}, suffix{0xcc};
    const Bytes before{1, 2, 3, 4, 5, 6};
    const auto split = split_extranonce(before, 4, 8);
    CHECK(split.coinbase1_tail == Bytes{1, 2});
    CHECK(split.extranonce1 == Bytes{3, 4, 5, 6});
    CHECK(split.extranonce2_size == 8);
    const auto notify = notify_from_job("1", 2, counting(), 3, 4, {}, prefix, split, suffix, false);
    Bytes coinbase = notify.coinbase1;
    append(coinbase, split.extranonce1);
    append(coinbase, Bytes(8, 0x77));
    append(coinbase, notify.coinbase2);
    Bytes expected = prefix;
    append(expected, before);
    append(expected, Bytes(8, 0x77));
    append(expected, suffix);
    CHECK(coinbase == expected);
    CHECK(split_extranonce(before, 6, 2).coinbase1_tail.empty());
    CHECK(split_extranonce(before, 0, 2).extranonce1.empty());
}

TEST_CASE("version rolling: only the mask's bits move") {
    CHECK(rolled_version(0x20000000, 0x1fffe000, 0x00a2e000) == 0x20a2e000);
    CHECK(rolled_version(0x20000000, 0x1fffe000, 0xffffffff) == 0x3fffe000);
    CHECK(rolled_version(0x20000000, 0, 0xffffffff) == 0x20000000);
    CHECK(version_bits_allowed(0x20000000, 0x1fffe000, 0x00a2e000));
    CHECK(version_bits_allowed(0x20000000, 0x1fffe000, 0x20a2e000));
    CHECK_FALSE(version_bits_allowed(0x20000000, 0x1fffe000, 0x40a2e000));
    CHECK_FALSE(version_bits_allowed(0x20000000, 0x1fffe000, 0x00000001));
}

TEST_CASE("difficulties are numbers that every parser reads") {
    const std::pair<double, const char*> cases[] = {
        {1, "1"},
        {1000, "1000"},
        {65536, "65536"},
        {4294967296.0, "4294967296"},
        {0.0001, "0.0001"},
        {0.5, "0.5"},
        {1e-9, "0.000000001"},
        {123456.75, "123456.75"},
        {1e17, "100000000000000000"},
    };
    for (const auto& [difficulty, text] : cases) {
        std::string out;
        append_difficulty(out, difficulty);
        CHECK(out == text);
    }
    double difficulty = 1e-12;
    for (int i = 0; i < 4096; ++i, difficulty *= 1.0162) {
        std::string line;
        append_set_difficulty(line, difficulty);
        CHECK(read_back<SetDifficulty>(line).difficulty == difficulty);
        if (difficulty < 1e18) CHECK(line.find('e', line.find("params") + 8) == std::string::npos);
    }
    for (double extreme : {1e-300, 5e-324, 1.7e308}) {
        std::string line;
        append_set_difficulty(line, extreme);
        CHECK(read_back<SetDifficulty>(line).difficulty == extreme);
    }
}

TEST_CASE("a server's requests: ids and numbers of any kind cost no job") {
    Parser parser;
    for (const char* id : {"null", "7", "1.5", "18446744073709551616", "{}", "[1]", "true", R"("a")"}) {
        CAPTURE(id);
        const auto message =
            parser.from_server(R"({"method":"mining.set_difficulty","params":[18446744073709551616],"id":)" +
                               std::string(id) + "}");
        REQUIRE(message.has_value());
        CHECK(std::get<SetDifficulty>(*message).difficulty == 0x1p64);
    }
    const auto request =
        parser.from_server(R"({"method":"client.get_version","params":[],"id":18446744073709551616})");
    REQUIRE(request.has_value());
    CHECK(std::get<ServerRequest>(*request).id == "18446744073709551616");
}

TEST_CASE("strings are escaped, whatever is in them") {
    for (const std::string& text :
         {std::string("plain"), std::string("q\"b\\s/"), std::string("a\nb\r\t\0c", 7), std::string("日本 𝄞"),
          std::string("\x7f\x1b[31m")}) {
        std::string out;
        append_json_string(out, text);
        CHECK(Json::parse(out).get<std::string>() == text);
        for (char c : out) CHECK(static_cast<unsigned char>(c) >= 0x20);
    }
    for (const std::string& broken : {std::string("\xff"), std::string("a\xc3"), std::string("\xed\xa0\x80"),
                                      std::string("\xc0\xaf"), std::string("\xf4\x90\x80\x80")}) {
        std::string out;
        append_json_string(out, broken);
        CHECK(Json::accept(out));
        CHECK(out.find("\\ufffd") != std::string::npos);
    }
}

TEST_CASE("answers") {
    std::string line;
    append_true(line, "\"x\"");
    CHECK(line == "{\"id\":\"x\",\"result\":true,\"error\":null}\n");
    line.clear();
    append_error(line, "4", ErrorCode::job_not_found, "job not found");
    CHECK(line == "{\"id\":4,\"result\":null,\"error\":[21,\"job not found\",null]}\n");
    const auto refused = read_back<ServerAnswer>(line);
    CHECK(refused.id == 4u);
    CHECK_FALSE(refused.ok);
    CHECK(refused.error_code == 21);
    CHECK(refused.error_text == "job not found");

    line.clear();
    append_subscribed(line, "2", "s1", Bytes{8, 0, 0, 2}, 4);
    CHECK(line ==
          R"({"id":2,"result":[[["mining.set_difficulty","s1"],["mining.notify","s1"]],"08000002",4],)"
          "\"error\":null}\n");
    const auto subscribed = read_back<ServerAnswer>(line);
    REQUIRE(subscribed.subscribed.has_value());
    CHECK(subscribed.subscribed->extranonce1 == Bytes{8, 0, 0, 2});
    CHECK(subscribed.subscribed->extranonce2_size == 4);

    line.clear();
    append_set_extranonce(line, Bytes{1, 2}, 6);
    CHECK(read_back<SetExtranonce>(line).extranonce2_size == 6);
    line.clear();
    append_set_version_mask(line, 0x1fffe000);
    CHECK(line == "{\"id\":null,\"method\":\"mining.set_version_mask\",\"params\":[\"1fffe000\"]}\n");
    CHECK(read_back<SetVersionMask>(line).mask == 0x1fffe000);
    line.clear();
    append_show_message(line, "a \"b\"");
    CHECK(read_back<ShowMessage>(line).text == "a \"b\"");
}

TEST_CASE("configure is answered for what was asked, no more") {
    Parser parser;
    const auto asked = parser.from_client(
        R"({"id":1,"method":"mining.configure","params":[["version-rolling","x\"y","subscribe-extranonce"],{}]})");
    REQUIRE(asked.has_value());
    const auto& configure = std::get<Configure>(asked->body);
    std::string line;
    append_configured(line, asked->id, configure, {.version_rolling_mask = 0x1fffe000});
    const Json result = Json::parse(line)["result"];
    CHECK(result == Json::parse(R"({"version-rolling":true,"version-rolling.mask":"1fffe000",
                                    "subscribe-extranonce":false,"x\"y":false})"));
    CHECK(read_back<ServerAnswer>(line).version_mask == 0x1fffe000u);
    line.clear();
    append_configured(line, asked->id, configure, {});
    CHECK(Json::parse(line)["result"]["version-rolling"] == false);
    CHECK_FALSE(read_back<ServerAnswer>(line).version_mask.has_value());
    line.clear();
    append_configured(line, "1", Configure{}, {.version_rolling_mask = 1});
    CHECK(Json::parse(line)["result"] == Json::object());
}

TEST_CASE("what our miner builds is what our server reads") {
    std::string line;
    append_configure(line, 1, 0x1fffe000, 2);
    append_subscribe(line, 2, "hp-miner/0.1");
    append_authorize(line, 3, "us\"er", "p");
    append_suggest_difficulty(line, 4, 0.25);
    append_extranonce_subscribe(line, 5);
    append_submit(line, 6, "w", "j", Bytes{0, 1}, 0x504e86b9, 0x193c0200, 0x2000);
    append_submit(line, 7, "w", "j", {}, 1, 2, std::nullopt);
    append_text_answer(line, "8", "hp-miner/0.1");
    Parser parser;
    std::size_t at = 0;
    const auto next = [&] {
        const std::size_t end = line.find('\n', at);
        REQUIRE(end != std::string::npos);
        auto message = parser.from_client(std::string_view(line).substr(at, end - at));
        at = end + 1;
        REQUIRE_MESSAGE(message.has_value(), message.error().text);
        return *message;
    };
    CHECK(std::get<Configure>(next().body).version_rolling_mask == 0x1fffe000);
    CHECK(std::get<Subscribe>(next().body).user_agent == "hp-miner/0.1");
    CHECK(std::get<Authorize>(next().body).user == "us\"er");
    CHECK(std::get<SuggestDifficulty>(next().body).difficulty == 0.25);
    CHECK(std::holds_alternative<ExtranonceSubscribe>(next().body));
    const auto rolled = std::get<Submit>(next().body);
    CHECK(rolled.nonce == 0x193c0200);
    CHECK(rolled.ntime == 0x504e86b9);
    CHECK(rolled.version_bits == 0x2000u);
    CHECK(rolled.extranonce2.size == 2);
    CHECK_FALSE(std::get<Submit>(next().body).version_bits.has_value());
    CHECK(std::get<ClientAnswer>(next().body).text == "hp-miner/0.1");
    CHECK(at == line.size());
}

TEST_CASE("every recorded server line reads as what it is") {
    for (const char* file : {"cpuminer-dialogue.jsonl", "esp-miner-dialogue.jsonl"}) {
        Parser parser;
        for (const auto& [from_client, line] : test::read_dialogue(file)) {
            if (from_client) continue;
            CAPTURE(line);
            const auto message = parser.from_server(line);
            REQUIRE_MESSAGE(message.has_value(), message.error().what);
            const Json json = Json::parse(line);
            if (!json.contains("method")) {
                CHECK(std::get<ServerAnswer>(*message).ok == json["error"].is_null());
            } else if (json["method"] == "mining.notify") {
                std::string again;
                append_notify(again, std::get<Notify>(*message));
                CHECK(Json::parse(again) == json);
            } else if (json["method"] == "client.get_version") {
                CHECK(std::get<ServerRequest>(*message).id == json["id"].dump());
            }
        }
    }
}

TEST_CASE("errors come in three shapes, and false is a refusal") {
    Parser parser;
    const std::pair<const char*, const char*> cases[] = {
        {R"({"id":1,"result":null,"error":[23,"low",null]})", "low"},
        {R"({"id":1,"result":null,"error":{"code":23,"message":"low"}})", "low"},
        {R"({"id":1,"result":null,"error":"low"})", "low"},
        {R"({"id":1,"result":false,"error":null})", "refused"},
        {R"({"id":1,"result":null,"error":null})", "refused"},
        {R"({"id":1,"result":null,"error":[]})", "error without a text"},
    };
    for (const auto& [line, text] : cases) {
        CAPTURE(line);
        const auto message = parser.from_server(line);
        REQUIRE(message.has_value());
        CHECK_FALSE(std::get<ServerAnswer>(*message).ok);
        CHECK(std::get<ServerAnswer>(*message).error_text == text);
    }
}

TEST_CASE("a hostile server's lines are errors") {
    Parser parser;
    const std::string node(64, '0');
    std::string many;
    for (int i = 0; i < 300; ++i) many += (i ? ",\"" : "\"") + node + "\"";
    const std::string lines[] = {
        "",
        "[]",
        "{}",
        R"({"id":1})",
        R"({"method":5,"params":[]})",
        R"({"id":null,"method":"mining.notify","params":[]})",
        R"({"id":null,"method":"mining.notify","params":["j","00","","",[],"20000000","1d00ffff","504e86b9",true]})",
        R"({"id":null,"method":"mining.notify","params":["j",")" + node +
            R"(","0","",[],"20000000","1d00ffff","504e86b9",true]})",
        R"({"id":null,"method":"mining.notify","params":["j",")" + node +
            R"(","","",["00"],"20000000","1d00ffff","504e86b9",true]})",
        R"({"id":null,"method":"mining.notify","params":["j",")" + node +
            R"(","","",[],"2000000g","1d00ffff","504e86b9",true]})",
        R"({"id":null,"method":"mining.notify","params":["j",")" + node +
            R"(","","",[],"20000000","1d00ffff","504e86b9",1]})",
        R"({"id":null,"method":"mining.notify","params":["j",")" + node + R"(","","",[)" + many +
            R"(],"20000000","1d00ffff","504e86b9",true]})",
        R"({"id":null,"method":"mining.set_difficulty","params":[0]})",
        R"({"id":null,"method":"mining.set_difficulty","params":["1"]})",
        R"({"id":null,"method":"mining.set_extranonce","params":["00",33]})",
        R"({"id":null,"method":"mining.set_extranonce","params":["0",4]})",
        R"({"id":null,"method":"mining.set_version_mask","params":["xyz"]})",
        R"({"id":1,"result":true,"result":false})",
    };
    for (const std::string& line : lines) {
        CAPTURE(line.substr(0, 120));
        const auto message = parser.from_server(line);
        REQUIRE_FALSE(message.has_value());
        CHECK_FALSE(message.error().what.empty());
    }
}
