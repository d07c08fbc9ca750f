// Which mint an owner's quotes are made by.
#include "ehash/route.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace hp;

namespace {

crypto::PublicKey33 key_of(std::uint32_t n) {
    Bytes32 secret{};
    secret[0] = 1;
    put_le(secret.data() + 20, n + 1);
    return crypto::SecretKey::from_bytes(secret)->public_key();
}

}  // namespace

TEST_CASE("an owner has one mint, in any order of the names and for both signs of the key") {
    const std::vector<std::string> names{"alpha", "beta", "gamma"}, reversed{"gamma", "beta", "alpha"};
    for (std::uint32_t n = 0; n < 50; ++n) {
        auto key = key_of(n);
        const auto& chosen = names[ehash::route_by_key(names, key)];
        CHECK(reversed[ehash::route_by_key(reversed, key)] == chosen);
        key[0] ^= 1;
        CHECK(names[ehash::route_by_key(names, key)] == chosen);
    }
}

TEST_CASE("owners spread over the mints, and a new mint moves only those that it gets") {
    const std::vector<std::string> two{"alpha", "beta"}, three{"alpha", "beta", "gamma"};
    std::map<std::string, int> owners;
    for (std::uint32_t n = 0; n < 300; ++n) {
        const auto& before = two[ehash::route_by_key(two, key_of(n))];
        const auto& after = three[ehash::route_by_key(three, key_of(n))];
        ++owners[after];
        CHECK((after == before || after == "gamma"));
    }
    // Expected 100 each; 60 is five standard deviations away.
    for (const auto& name : three) CHECK(owners[name] > 60);
}
