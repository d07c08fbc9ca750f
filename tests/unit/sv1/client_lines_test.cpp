// What miners send, as recorded and as hostile as we can think of.
#include "dialogue.hpp"
#include "sv1/build.hpp"
#include "sv1/parse.hpp"

using namespace hp;
using namespace hp::sv1;

namespace {

/// Views of a message live in its parser, so a test keeps the two together.
struct Parsed {
    Parser parser;
    tl::expected<ClientMessage, BadLine> result;
    explicit Parsed(std::string_view line) : result{parser.from_client(line)} {}
    template <class Body>
    const Body& body() const {
        REQUIRE_MESSAGE(result.has_value(), result.error().text);
        REQUIRE(std::holds_alternative<Body>(result->body));
        return std::get<Body>(result->body);
    }
    const BadLine& bad() const {
        REQUIRE_FALSE(result.has_value());
        return result.error();
    }
};

std::string submit_with(std::string_view extranonce2, std::string_view rest = R"("504e86b9","193c0200")") {
    return R"({"id":1,"method":"mining.submit","params":["w","j",")" + std::string(extranonce2) + "\"," +
           std::string(rest) + "]}";
}

}  // namespace

TEST_CASE("every line that a real miner sends parses as what it is") {
    // One letter a line, by the variant's index.
    constexpr std::string_view kLetters = "CSAMdtxvP?a";
    const std::pair<std::string, std::string> dialogues[] = {
        {"cpuminer-dialogue.jsonl", "SAaMMMMMM"},
        {"esp-miner-dialogue.jsonl", "CSAdxPaM"},
        {"cgminer-dialogue.jsonl", "CSSSAdMMaa"},
    };
    for (const auto& [file, expected] : dialogues) {
        CAPTURE(file);
        Parser parser;
        std::string kinds;
        for (const auto& [from_client, line] : test::read_dialogue(file)) {
            if (!from_client) continue;
            CAPTURE(line);
            const auto message = parser.from_client(line);
            REQUIRE_MESSAGE(message.has_value(), message.error().text);
            kinds += kLetters[message->body.index()];
        }
        CHECK(kinds == expected);
    }
}

TEST_CASE("cpuminer's submit, members in its own order") {
    const Parsed parsed(
        R"({"method": "mining.submit", "params": ["worker.1", "bf", "0000002A", "504e86b9", "193c0200"], "id":4})");
    const auto& submit = parsed.body<Submit>();
    CHECK(parsed.result->id == "4");
    CHECK(submit.worker == "worker.1");
    CHECK(submit.job_id == "bf");
    CHECK(to_hex(submit.extranonce2.view()) == "0000002a");
    CHECK(submit.ntime == 0x504e86b9);
    CHECK(submit.nonce == 0x193c0200);
    CHECK_FALSE(submit.version_bits.has_value());
}

TEST_CASE("a sixth parameter is the version bits") {
    const Parsed parsed(submit_with("00", R"("504e86b9","193c0200","00a2e000")"));
    CHECK(parsed.body<Submit>().version_bits == 0x00a2e000u);
}

TEST_CASE("submit: every malformed field is refused by name, under the request's id") {
    const std::pair<std::string, std::string> cases[] = {
        {submit_with("0"), "extranonce2"},
        {submit_with("0g"), "extranonce2"},
        {submit_with("0x00"), "extranonce2"},
        {submit_with(std::string(66, '0')), "extranonce2"},
        {submit_with("00", R"("504e86b","193c0200")"), "ntime"},
        {submit_with("00", R"("504e86b9 ","193c0200")"), "ntime"},
        {submit_with("00", R"(1347323577,"193c0200")"), "ntime"},
        {submit_with("00", R"("504e86b9","-93c0200")"), "nonce"},
        {submit_with("00", R"("504e86b9")"), "5 or 6"},
        {R"({"id":1,"method":"mining.submit","params":[1,"j","00","504e86b9","193c0200"]})", "worker"},
        {R"({"id":1,"method":"mining.submit","params":["w",2,"00","504e86b9","193c0200"]})", "job_id"},
        {R"({"id":1,"method":"mining.submit","params":["w","j",null,"504e86b9","193c0200"]})", "extranonce2"},
    };
    for (const auto& [line, field] : cases) {
        CAPTURE(line);
        const Parsed parsed(line);
        CHECK(parsed.bad().id == "1");
        CHECK(parsed.bad().code == ErrorCode::other);
        CHECK(parsed.bad().text.find(field) != std::string::npos);
    }
    for (std::size_t at = 0; at < 8; ++at) {
        for (char no_digit : {'g', ' ', ':', '/', '@', '`', 'G'}) {
            std::string extranonce2 = "0123abCD";
            extranonce2[at] = no_digit;
            CHECK(Parsed(submit_with(extranonce2)).bad().id == "1");
        }
    }
}

TEST_CASE("submit: a sixth parameter that is no version is told apart, and further ones say nothing") {
    for (const char* none : {"null", "\"\"", "null,7", "\"\",[]"}) {
        CAPTURE(none);
        const Parsed parsed(submit_with("00", R"("504e86b9","193c0200",)" + std::string(none)));
        CHECK_FALSE(parsed.body<Submit>().version_bits.has_value());
        CHECK_FALSE(parsed.body<Submit>().version_bits_malformed);
    }
    for (const char* odd : {R"("0x00e000")", "0", "{}", "[]", "true", R"("123456789")"}) {
        CAPTURE(odd);
        const Parsed parsed(submit_with("00", R"("504e86b9","193c0200",)" + std::string(odd)));
        CHECK_FALSE(parsed.body<Submit>().version_bits.has_value());
        CHECK(parsed.body<Submit>().version_bits_malformed);
    }
    CHECK(Parsed(submit_with("00", R"("504e86b9","193c0200","00000000",{"a":1},8)"))
              .body<Submit>()
              .version_bits == 0u);
}

TEST_CASE("configure: mask, minimum and the extensions that we do not know") {
    const Parsed parsed(
        R"({"id":"a","method":"mining.configure","params":[["version-rolling","minimum-difficulty","x","info"],)"
        R"({"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2,"minimum-difficulty.value":2048}]})");
    const auto& configure = parsed.body<Configure>();
    CHECK(parsed.result->id == "\"a\"");
    CHECK(configure.version_rolling);
    CHECK(configure.version_rolling_mask == 0x1fffe000);
    CHECK(configure.minimum_difficulty);
    CHECK(configure.minimum_difficulty_value == 2048.0);
    CHECK_FALSE(configure.subscribe_extranonce);
    CHECK(configure.info);
    REQUIRE(configure.unknown.size() == 1);
    CHECK(configure.unknown[0] == "x");

    for (const char* params : {"[]", "[1]", "null", "{}", R"(["version-rolling"])"}) {
        CAPTURE(params);
        CHECK(Parsed(R"({"id":1,"method":"mining.configure","params":)" + std::string(params) + "}")
                  .bad()
                  .text.starts_with("mining.configure"));
    }
}

TEST_CASE("configure: each extension has a result of its own, whatever is said of the others") {
    const auto answer = [](const std::string& extensions, const std::string& options) {
        const Parsed parsed(R"({"id":1,"method":"mining.configure","params":[)" + extensions + "," + options +
                            "]}");
        const auto& configure = parsed.body<Configure>();
        std::string line;
        append_configured(line, "1", configure,
                          {.version_rolling_mask = configure.version_rolling_mask & 0x1fffffe0,
                           .minimum_difficulty = true,
                           .subscribe_extranonce = true});
        return test::Json::parse(line)["result"];
    };
    const std::string all = R"(["version-rolling","minimum-difficulty","subscribe-extranonce","x"])";
    // BIP 310's min-bit-count as miners send it, and as they should not.
    for (const char* count : {"2", "16", "40", "-1", "0", "1e3", "null", R"("00000002")", R"("16")", R"("")",
                              "{}", "[2]", "true", "18446744073709551616"}) {
        CAPTURE(count);
        CHECK(
            answer(
                all,
                R"({"version-rolling.mask":"ffffffff","minimum-difficulty.value":8,"version-rolling.min-bit-count":)" +
                    std::string(count) + "}") ==
            test::Json::parse(
                R"({"version-rolling":true,"version-rolling.mask":"1fffffe0","minimum-difficulty":true,
                                    "subscribe-extranonce":true,"x":false})"));
    }
    for (const char* value : {"-1", "null", R"("8")", "{}", "true"}) {
        CAPTURE(value);
        const auto result = answer(all, R"({"minimum-difficulty.value":)" + std::string(value) + "}");
        CHECK(result["minimum-difficulty"].is_string());
        CHECK(result["version-rolling"] == true);
        CHECK(result["subscribe-extranonce"] == true);
    }
    // "The value can be 0 for essentially disabling the feature."
    CHECK(answer(all, R"({"minimum-difficulty.value":0})")["minimum-difficulty"] == true);
    for (const char* options : {"{}", "[]", "null", "7", R"("")"}) {
        CAPTURE(options);
        const auto result = answer(all, options);
        CHECK(result["minimum-difficulty"].is_string());
        CHECK(result["version-rolling.mask"] == "1fffffe0");
    }
    for (const char* mask : {R"("1fffe000f")", R"("0x1fffe0")", "4", "{}", R"("")"}) {
        CAPTURE(mask);
        const auto result =
            answer(all, R"({"minimum-difficulty.value":1,"version-rolling.mask":)" + std::string(mask) + "}");
        CHECK(result["version-rolling"].is_string());
        CHECK_FALSE(result.contains("version-rolling.mask"));
        CHECK(result["minimum-difficulty"] == true);
    }
    CHECK(answer(R"([1,null,"version-rolling",{},"x","x"])", R"({"version-rolling.mask":null})") ==
          test::Json::parse(R"({"version-rolling":true,"version-rolling.mask":"1fffffe0","x":false})"));
    CHECK(answer("[]", R"({"minimum-difficulty.value":"x"})") == test::Json::object());
}

TEST_CASE("subscribe and authorize: optional parameters may be missing or null") {
    CHECK(Parsed(R"({"id":1,"method":"mining.subscribe","params":[]})").body<Subscribe>().user_agent.empty());
    CHECK(Parsed(R"({"id":1,"method":"mining.subscribe"})").body<Subscribe>().user_agent.empty());
    const Parsed parsed(R"({"id":1,"method":"mining.subscribe","params":["a/1",null,"host",3333]})");
    CHECK(parsed.body<Subscribe>().user_agent == "a/1");
    CHECK(parsed.body<Subscribe>().session_id.empty());
    CHECK(Parsed(R"({"id":1,"method":"mining.authorize","params":["u"]})").body<Authorize>().user == "u");
    // Nothing depends on these: of another type they are as good as absent.
    for (const char* odd : {"null", "7", "1.5", "true", "{}", R"(["a"])", "18446744073709551616"}) {
        CAPTURE(odd);
        const auto params = [&](const std::string& begin) { return begin + odd + "]}"; };
        const Parsed authorize(params(R"({"id":1,"method":"mining.authorize","params":["u",)"));
        CHECK(authorize.body<Authorize>().user == "u");
        CHECK(authorize.body<Authorize>().password.empty());
        const Parsed session(params(R"({"id":1,"method":"mining.subscribe","params":["a/1",)"));
        CHECK(session.body<Subscribe>().user_agent == "a/1");
        CHECK(session.body<Subscribe>().session_id.empty());
        CHECK(Parsed(params(R"({"id":1,"method":"mining.subscribe","params":[)"))
                  .body<Subscribe>()
                  .user_agent.empty());
        CHECK(Parsed(params(R"({"id":1,"method":"mining.extranonce.subscribe","params":[)"))
                  .result.has_value());
    }
    for (const char* odd : {"{}", "7", "null", R"("x")"}) {
        CAPTURE(odd);
        for (const char* method : {"mining.subscribe", "mining.extranonce.subscribe", "mining.multi_version"})
            CHECK(Parsed(R"({"id":1,"method":")" + std::string(method) + R"(","params":)" + odd + "}")
                      .result.has_value());
    }
    CHECK(Parsed(R"({"id":1,"method":"mining.authorize","params":[]})").bad().text.find("user") !=
          std::string::npos);
    CHECK(Parsed(R"({"id":1,"method":"mining.authorize","params":[null,"x"]})").bad().id == "1");
}

TEST_CASE("a worker's name is opaque text") {
    for (const std::string name : {"", "../../x", "=cmd()", "日本", "a b"}) {
        CHECK(Parsed(R"({"id":1,"method":"mining.authorize","params":[")" + name + R"(","x"]})")
                  .body<Authorize>()
                  .user == name);
    }
    const Parsed parsed(R"({"id":1,"method":"mining.authorize","params":["a\n\"\u0000b",""]})");
    CHECK(parsed.body<Authorize>().user == std::string_view("a\n\"\0b", 5));
}

TEST_CASE("difficulty and target wishes") {
    CHECK(Parsed(R"({"id":1,"method":"mining.suggest_difficulty","params":[1000]})")
              .body<SuggestDifficulty>()
              .difficulty == 1000);
    CHECK(Parsed(R"({"id":1,"method":"mining.suggest_difficulty","params":[1e-300]})")
              .body<SuggestDifficulty>()
              .difficulty == 1e-300);
    for (const char* wish : {"-1", "0", R"("NaN")", "null", "[1]", "true"}) {
        CAPTURE(wish);
        CHECK(Parsed(R"({"id":1,"method":"mining.suggest_difficulty","params":[)" + std::string(wish) + "]}")
                  .bad()
                  .id == "1");
    }
    const Parsed target(R"({"id":1,"method":"mining.suggest_target","params":[")" + std::string(8, '0') +
                        "ffff" + std::string(52, '0') + R"("]})");
    CHECK(to_hex_reversed(target.body<SuggestTarget>().target) ==
          std::string(8, '0') + "ffff" + std::string(52, '0'));
    CHECK(Parsed(R"({"id":1,"method":"mining.suggest_target","params":["ff"]})").bad().id == "1");
}

TEST_CASE("ids: null, strings and numbers are echoed; nothing else is an id") {
    const std::pair<const char*, const char*> good[] = {
        {"null", "null"},
        {"1", "1"},
        {"-7", "-7"},
        {"18446744073709551615", "18446744073709551615"},
        {"9223372036854775808", "9223372036854775808"},
        {"18446744073709551616", "18446744073709551616"},
        {"-9223372036854775809", "-9223372036854775809"},
        {"340282366920938463463374607431768211456", "340282366920938463463374607431768211456"},
        {"1.5", "1.5"},
        {"1.50", "1.50"},
        {"1e3", "1e3"},
        {R"("abc")", R"("abc")"},
        {R"("")", R"("")"},
        {R"("a\"b")", R"("a\"b")"},
    };
    for (const auto& [id, echoed] : good) {
        CAPTURE(id);
        const Parsed parsed(R"({"method":"mining.subscribe","params":[],"id":)" + std::string(id) + "}");
        REQUIRE(parsed.result.has_value());
        CHECK(parsed.result->id == echoed);
        std::string answer;
        append_true(answer, parsed.result->id);
        CHECK(test::Json::parse(answer)["id"] == test::Json::parse(id));
    }
    for (const std::string& id : {std::string("{}"), std::string("[1]"), std::string("true"),
                                  '"' + std::string(kIdBytesMax + 1, 'x') + '"',
                                  std::string(kIdBytesMax + 1, '9'), std::string(1'000'000, '9')}) {
        CAPTURE(id);
        CHECK(Parsed(R"({"method":"mining.subscribe","params":[],"id":)" + id + "}").bad().id == "null");
    }
    CHECK(Parsed(R"({"method":"mining.subscribe","params":[]})").bad().text == "id is missing");
}

TEST_CASE("a number that 64 bits do not hold is a number, wherever it stands") {
    const std::string big[] = {"18446744073709551616",
                               "-18446744073709551617",
                               std::string(30, '7'),
                               std::string(301, '9'),
                               "-" + std::string(4000, '9'),
                               "1e400",
                               "-1.5E+999"};
    for (const std::string& number : big) {
        CAPTURE(number);
        Parser parser;
        for (const std::string& line :
             {R"({"id":4,"method":"mining.submit","params":["w","j","00","504e86b9","193c0200"],"x":)" +
                  number + "}",
              R"({"x":[)" + number + R"(,{"y":)" + number +
                  R"(}],"id":4,"method":"mining.submit","params":["w","j","00","504e86b9","193c0200",null,)" +
                  number + "]}"}) {
            const auto message = parser.from_client(line);
            REQUIRE_MESSAGE(message.has_value(), message.error().text);
            CHECK(message->id == "4");
            CHECK(std::get<Submit>(message->body).job_id == "j");
        }
        // In a text it is text.
        const auto named = parser.from_client(R"({"id":4,"method":"mining.authorize","params":["a\",)" +
                                              number + R"(,\"b",)" + number + "]}");
        REQUIRE(named.has_value());
        CHECK(std::get<Authorize>(named->body).user == "a\"," + number + ",\"b");
    }
    const Parsed wish(R"({"id":4,"method":"mining.suggest_difficulty","params":[18446744073709551616]})");
    CHECK(wish.body<SuggestDifficulty>().difficulty == 0x1p64);
    // The id is the top-level one, wherever other ids appear.
    const Parsed inner(
        R"({"a":{"id":1.5},"b":"\"id\":2.5","id" : 18446744073709551617 ,"c":[{"id":3.5}],"method":"mining.subscribe"})");
    REQUIRE(inner.result.has_value());
    CHECK(inner.result->id == "18446744073709551617");
}

TEST_CASE("unknown methods keep their name, wrong ones are errors") {
    const std::string long_name(100'000, 'm');
    CHECK(Parsed(R"({"id":1,"method":"mining.dance","params":[1,{}]})").body<UnknownMethod>().method ==
          "mining.dance");
    CHECK(Parsed(R"({"id":1,"method":")" + long_name + R"(","params":[]})")
              .body<UnknownMethod>()
              .method.size() == long_name.size());
    CHECK(Parsed(R"({"id":1,"method":")" + long_name + R"(","params":{}})").body<UnknownMethod>().method ==
          long_name);
    CHECK(Parsed(R"({"id":1,"method":null,"params":[]})").bad().id == "1");
    CHECK(Parsed(R"({"id":1,"method":7,"params":[]})").bad().id == "1");
    CHECK(Parsed(R"({"id":1})").bad().id == "1");
}

TEST_CASE("garbage is an error with a text, under a null id") {
    const std::string lines[] = {
        "",
        "x",
        "\"",
        "{",
        "[]",
        "null",
        "17",
        R"({"id":1,"method":"mining.subscribe","params":[])",
        R"({"id":1,"method":"mining.subscribe","params":[]}})",
        R"({"id":1,"method":"mining.subscribe","params":[tru]})",
        R"({"id":1,"method":"mining.subscribe","params":[],"x":nope})",
        R"({"id":1e,"method":"mining.subscribe","params":[]})",
        R"({"id":0x10,"method":"mining.subscribe","params":[]})",
        R"({"id":01,"method":"mining.subscribe","params":[]})",
        R"({"id":NaN,"method":"mining.subscribe","params":[]})",
        R"({"id":1,"id":2,"method":"mining.subscribe","params":[]})",
        R"({"id":1,"method":"mining.subscribe","params":[],"params":[]})",
        "{\"id\":1,\"method\":\"\xff\xfe\",\"params\":[]}",
        "{\"id\":1,\"method\":\"\xc0\xaf\",\"params\":[]}",
        std::string("{\"id\":1,\"method\":\"mining.subscribe\",\0\"params\":[]}", 50),
        std::string(100'000, '['),
        std::string(100'000, '{'),
        "{\"id\":1,\"method\":\"x\",\"params\":" + std::string(20, '[') + std::string(20, ']') + "}",
        R"({"id":0)" + std::string(30, '9') + R"(,"method":"x"})",
        R"({"id":-)" + std::string(30, '9') + R"(.,"method":"x"})",
        std::string(kLineBytesMax + 1, ' '),
        "GET / HTTP/1.1",
        std::string("\x16\x03\x01\x02\x00\x01", 6),
    };
    for (const std::string& line : lines) {
        CAPTURE(line.substr(0, 80));
        const Parsed parsed(line);
        CHECK(parsed.bad().id == "null");
        CHECK(parsed.bad().code == ErrorCode::parse);
        CHECK_FALSE(parsed.bad().text.empty());
        CHECK(parsed.bad().text.size() < 200);
    }
    CHECK(is_blank(""));
    CHECK(is_blank("\r"));
    CHECK_FALSE(is_blank(std::string_view("\0", 1)));
}

TEST_CASE("a parser goes on after garbage, small and large") {
    Parser parser;
    for (int round = 0; round < 3; ++round) {
        CHECK_FALSE(parser.from_client(std::string(50'000, '[')).has_value());
        CHECK_FALSE(parser.from_client("{").has_value());
        const auto message = parser.from_client(R"({"id":5,"method":"mining.subscribe","params":[]})");
        REQUIRE(message.has_value());
        CHECK(message->id == "5");
    }
}

TEST_CASE("a line cut anywhere never parses, whatever lies behind it") {
    const std::string whole =
        R"({"id":4,"method":"mining.submit","params":["worker.1","bf","00000000","504e86b9","193c0200"]})";
    Parser parser;
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_FALSE(parser.from_client(std::string_view(whole).substr(0, size)).has_value());
    CHECK(parser.from_client(whole).has_value());
}
