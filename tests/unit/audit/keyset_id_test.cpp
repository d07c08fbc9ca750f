#include "audit/keyset_id.hpp"

#include "vectors.hpp"

using namespace hp;

namespace {

/// A keyset as a wallet's database has it.
std::string text_of(const test::Json& vector) {
    test::Json keyset = {{"id", vector["keyset_id"]},
                         {"unit", vector.value("unit", "sat")},
                         {"active", true},
                         {"input_fee_ppk", vector.value("input_fee_ppk", 0)},
                         {"final_expiry", vector.value("final_expiry", test::Json(nullptr))},
                         {"keys", vector["keys"]}};
    return test::Json{{"keysets", {keyset}}}.dump();
}

}  // namespace

TEST_CASE("the ids of NUT-02, both versions, and never those of other keys") {
    for (const char* file : {"cashu/nut02_keyset_id_v1.json", "cashu/nut02_keyset_id_v2.json"}) {
        auto json = test::read_vectors(file);
        REQUIRE_FALSE(json["vectors"].empty());
        for (auto vector : json["vectors"]) {
            auto keyset = audit::keyset_from_text(text_of(vector));
            REQUIRE(keyset);
            CHECK(to_hex(audit::id_of(*keyset)) == vector["keyset_id"]);
            keyset->keys.begin()->second[32] ^= 1;
            CHECK(to_hex(audit::id_of(*keyset)) != vector["keyset_id"]);
        }
    }
}

TEST_CASE("what is no keyset is none") {
    auto good = text_of(test::read_vectors("cashu/nut02_keyset_id_v1.json")["vectors"][0]);
    REQUIRE(audit::keyset_from_text(good));
    CHECK_FALSE(audit::keyset_from_text(""));
    CHECK_FALSE(audit::keyset_from_text("{}"));
    CHECK_FALSE(audit::keyset_from_text(R"({"keysets":[]})"));
    CHECK_FALSE(audit::keyset_from_text(good.substr(0, good.size() - 1)));
    auto json = test::Json::parse(good);
    json["keysets"][0]["keys"]["1x"] = json["keysets"][0]["keys"]["1"];
    CHECK_FALSE(audit::keyset_from_text(json.dump()));
    json = test::Json::parse(good);
    json["keysets"][0]["keys"]["1"] = "02";
    CHECK_FALSE(audit::keyset_from_text(json.dump()));
    json = test::Json::parse(good);
    json["keysets"].push_back(json["keysets"][0]);
    CHECK_FALSE(audit::keyset_from_text(json.dump()));
}
