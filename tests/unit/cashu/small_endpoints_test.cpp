// NUT-06, 07 and 09.
#include "cashu/nut06.hpp"
#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

TEST_CASE("NUT-06: info announces what works and nothing else") {
    MintInfo info{
        .name = "a \"mint\"", .description = "", .version = "hp-mint/0.1.0", .contact = {{"email", "a@b"}}};
    info.pubkey = SecretKey::generate().public_key();
    std::string body = to_json(info, 1788825600);
    Json json = Json::parse(body);
    CHECK(json["name"] == "a \"mint\"");
    CHECK(json["time"] == 1788825600);
    CHECK(json["version"] == "hp-mint/0.1.0");
    CHECK(json["contact"] == Json::parse(R"([{"method":"email","info":"a@b"}])"));
    CHECK(!json.contains("description"));
    CHECK(json["nuts"] == Json::parse(R"({
        "4": {"methods": [{"method":"ehash","unit":"hash"}], "disabled": false},
        "5": {"methods": [], "disabled": true},
        "7": {"supported":true}, "9": {"supported":true}, "12": {"supported":true}, "20": {"supported":true},
        "19": {"ttl":null,"cached_endpoints":[{"method":"POST","path":"/v1/mint/ehash"},
               {"method":"POST","path":"/v1/mint/ehash/batch"},{"method":"POST","path":"/v1/swap"}]},
        "29": {"max_batch_size":100,"methods":["ehash"]}})"));
    auto seen = mint_info_from_json(body);
    REQUIRE(seen.has_value());
    CHECK(seen->pubkey == info.pubkey);
    CHECK(seen->mint_methods == std::vector<std::pair<std::string, std::string>>{{"ehash", "hash"}});
    CHECK(!seen->minting_disabled);
    CHECK(seen->batch_size_max == 100u);
}

TEST_CASE("NUT-06: a wallet reads the info of any mint, or says what is wrong") {
    CHECK(!mint_info_from_json("{}").has_value());
    auto bare = mint_info_from_json(R"({"nuts":{}})");
    REQUIRE(bare.has_value());
    CHECK(bare->pubkey == std::nullopt);
    CHECK(bare->batch_size_max == std::nullopt);
    CHECK(mint_info_from_json(R"({"nuts":{"4":{"methods":[],"disabled":true}}})")->minting_disabled);
    CHECK(!mint_info_from_json(R"({"pubkey":"02","nuts":{}})").has_value());
    CHECK(!mint_info_from_json(R"({"nuts":{"4":{"methods":5}}})").has_value());
}

TEST_CASE("NUT-07: states come back in the order asked, Y in lower case") {
    PublicKey33 a = y_of("a"), b = y_of("b");
    std::string upper = to_hex(a);
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    auto request = check_state_request_from_json("{\"Ys\":[\"" + upper + "\",\"" + to_hex(b) + "\"]}");
    REQUIRE(request.has_value());
    CHECK(request->Ys == std::vector{a, b});
    CHECK(check_state_request_from_json(to_json(*request))->Ys == request->Ys);
    std::vector<StateOfProof> states{{a, ProofState::spent, "{\"preimage\":\"x\"}"},
                                     {b, ProofState::pending, {}}};
    CHECK(Json::parse(states_json(states)) ==
          Json({{"states",
                 {{{"Y", to_hex(a)}, {"state", "SPENT"}, {"witness", "{\"preimage\":\"x\"}"}},
                  {{"Y", to_hex(b)}, {"state", "PENDING"}, {"witness", nullptr}}}}}));
    CHECK(states_from_json(states_json(states)) == states);
    CHECK(!states_from_json(R"({"states":[{"Y":")" + to_hex(a) + R"(","state":"BURNT"}]})").has_value());
    for (const char* bad : {R"({"Ys":["00"]})", R"({"Ys":[5]})", R"({"Ys":"x"})", R"({})"})
        CHECK(code_of(check_state_request_from_json(bad)) == Code::unspecified);
    CHECK(code_of(check_state_request_from_json(to_json(CheckStateRequest{std::vector(1001, a)}))) ==
          Code::too_many_inputs);
}

TEST_CASE("NUT-09: outputs to restore may have amount 0; answers come in pairs") {
    MintKeyset keyset = make_keyset("hash", 0);
    Pending pending = make_output(keyset.keyset.id, 0);
    RestoreRequest request{{pending.output}};
    CHECK(restore_request_from_json(to_json(request))->outputs == request.outputs);
    BlindSignature signature{4, keyset.keyset.id, *sign_blinded(*keyset.key_for(4), pending.output.B_),
                             Dleq{}};
    RestoreResponse response{{pending.output}, {signature}};
    auto read = restore_response_from_json(to_json(response));
    REQUIRE(read.has_value());
    CHECK(read->outputs == response.outputs);
    CHECK(read->signatures == response.signatures);
    CHECK(restore_response_from_json(R"({"outputs":[],"signatures":[]})").has_value());
    std::string unequal = R"({"outputs":[],"signatures":[)";
    append_json(unequal, signature);
    CHECK(restore_response_from_json(unequal + "]}").error().what == "0 outputs, but 1 signatures");
}
