// Entries of allowed_mint_keys.
#include "config/mint_key.hpp"

#include <doctest/doctest.h>

using namespace hp;

namespace {

const std::string kG = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
const std::string k2G = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
const std::string k3G = "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9";

}  // namespace

TEST_CASE("a key alone, and a key with its mint's name") {
    auto alone = config::mint_key_from_text(kG);
    REQUIRE(alone);
    CHECK(alone->name == "mint");
    CHECK(to_hex(alone->key) == kG);
    auto named = config::mint_key_from_text("east-1:" + kG);
    REQUIRE(named);
    CHECK(named->name == "east-1");
    for (const auto& bad :
         {std::string{}, std::string{"alpha"}, ":" + kG, "Alpha:" + kG, "a b:" + kG, "a:b:" + kG, kG + "00",
          std::string(64, '0'), std::string(33, 'a') + ":" + kG, "alpha:" + kG.substr(2)})
        CHECK_MESSAGE(!config::mint_key_from_text(bad), bad);
}

TEST_CASE("a mint has a key, or two while it rotates; a key has one mint") {
    auto keys = config::mint_keys_from_list({"alpha:" + kG, "beta:" + k2G, "alpha:" + k3G});
    REQUIRE(keys);
    CHECK(config::mint_names(*keys) == std::vector<std::string>{"alpha", "beta"});
    auto twice = config::mint_keys_from_list({"alpha:" + kG, "beta:" + kG});
    REQUIRE_FALSE(twice);
    CHECK(twice.error().what.find("twice") != std::string::npos);
    auto three = config::mint_keys_from_list({kG, k2G, k3G});
    REQUIRE_FALSE(three);
    CHECK(three.error().what.find("three keys of mint 'mint'") != std::string::npos);
    CHECK_FALSE(config::mint_keys_from_list({"nonsense"}));
}
