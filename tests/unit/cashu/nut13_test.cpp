#include "cashu/nut13.hpp"

#include "crypto/bip32.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

namespace {

void check_file(const char* name) {
    Json file = read_vectors(name);
    auto seed = crypto::bip39_seed(file["mnemonic"].get<std::string>());
    REQUIRE(seed.has_value());
    KeysetId id = keyset_id(file["keyset_id"]);
    for_each_vector(file["vectors"], [&](const Json& v) {
        auto derived = derive_secret(*seed, id, v["counter"].get<std::uint64_t>());
        REQUIRE(derived.has_value());
        CHECK(derived->secret == v["secret"]);
        CHECK(to_hex(derived->r.bytes()) == v["r"]);
    });
}

}  // namespace

TEST_CASE("NUT-13: secrets of version 1 derive as published") { check_file("cashu/nut13_v1.json"); }
TEST_CASE("NUT-13: secrets of version 2 derive as published") { check_file("cashu/nut13_v2.json"); }

TEST_CASE("counters end where derivation ends, without wrapping (AC-352)") {
    Bytes64 seed{};
    KeysetId v1 = keyset_id("009a1f293253e41e"), v2 = keyset_id("01" + std::string(64, 'a'));
    CHECK(derive_secret(seed, v1, 0x7fff'ffff).has_value());
    CHECK(!derive_secret(seed, v1, 0x8000'0000).has_value());
    CHECK(!derive_secret(seed, v1, std::uint64_t{1} << 32).has_value());
    CHECK(derive_secret(seed, v2, UINT64_MAX).has_value());
    CHECK(derive_secret(seed, v2, UINT64_MAX)->secret != derive_secret(seed, v2, 0)->secret);
}
