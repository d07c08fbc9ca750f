#include "cashu/nut10.hpp"

#include "fixtures.hpp"

using namespace hp::cashu;
using namespace hp::cashu::test;

TEST_CASE("NUT-10: published secrets are recognised by kind, compact or not") {
    for_each_vector(read_vectors("cashu/nut10_secrets.json")["vectors"], [](const Json& v) {
        SecretKind kind = v["secret"][0] == "P2PK" ? SecretKind::p2pk : SecretKind::htlc;
        CHECK(secret_kind(v["secret"].dump()) == kind);
        CHECK(secret_kind(v["secret"].dump(2)) == kind);
    });
}

TEST_CASE("the kind decides, however broken the rest is") {
    for (const char* secret : {R"(["P2PK"])", R"(["P2PK")", "[\"P2PK\",", "\n[\t\"P2PK\"\r,5]",
                               "[\"\\u0050\\u0032PK\",{}]", R"(["P2PK",{"nonce":1,"data":2,"tags":3}])"}) {
        CAPTURE(secret);
        CHECK(secret_kind(secret) == SecretKind::p2pk);
    }
    CHECK(secret_kind("[ \"HTLC\" ]") == SecretKind::htlc);
}

TEST_CASE("anything else is plain") {
    for (const char* secret :
         {"", "[", "[\"", "[]", "[1]", "P2PK", "\"P2PK\"", R"({"P2PK":1})", R"(["p2pk",{}])",
          R"(["P2PK ",{}])", R"(["P2PK\n",{}])", R"(["\u00502",{}])", R"([["P2PK"]])", "[\"P2PK", "[\"\\u005",
          "[\"\\", "407915bc212be61a77e3e6d2aeb4c727980bda51cd06a6afc29e2861768a7837"}) {
        CAPTURE(secret);
        CHECK(secret_kind(secret) == SecretKind::plain);
    }
}
