// Names of one SV1 connection, and whose their shares are.
#include "proxy/workers.hpp"

#include <doctest/doctest.h>

using namespace hp;

namespace {

crypto::PublicKey33 key_of(std::uint8_t n) {
    Bytes32 secret{};
    secret[31] = n;
    return crypto::SecretKey::from_bytes(secret)->public_key();
}
const auto kWallets = key_of(1);

proxy::Worker& add(proxy::Workers& workers, std::string_view name) {
    auto read = workers.read(name);
    REQUIRE(read);
    return workers.add(*std::move(read));
}

}  // namespace

TEST_CASE("each name has its own owner") {
    proxy::Workers workers{kWallets};
    CHECK(workers.first() == nullptr);
    CHECK(workers.find("plain") == nullptr);
    const std::string a = to_hex(key_of(2)) + ".rigA", b = to_hex(key_of(3)) + "_rigB";
    const auto* first = &add(workers, a);
    add(workers, b);
    add(workers, "plain.rig");
    add(workers, to_hex(kWallets));
    CHECK(workers.first() == first);
    CHECK(workers.all().size() == 4);
    CHECK(workers.find(a)->owner == key_of(2));
    CHECK_FALSE(workers.find(a)->is_wallets);
    CHECK(workers.find(b)->owner == key_of(3));
    CHECK(workers.find("plain.rig")->owner == kWallets);
    CHECK(workers.find("plain.rig")->is_wallets);
    CHECK(workers.find(to_hex(kWallets))->is_wallets);
    // Exactly the name: no part of it, no other case.
    for (std::string_view name : {std::string_view("plain"), std::string_view("plain.rig "),
                                  std::string_view("Plain.rig"), std::string_view("")})
        CHECK(workers.find(name) == nullptr);
    CHECK(&add(workers, a) == first);
    CHECK(workers.all().size() == 4);
}

TEST_CASE("a mistyped key is nobody's") {
    proxy::Workers workers{kWallets};
    const std::string key = to_hex(key_of(2));
    for (const auto& name : {key.substr(1), key + "0", "0x" + key, " " + key, key + "/rig"}) {
        const auto read = workers.read(name);
        REQUIRE_FALSE(read);
        CHECK(read.error().what.starts_with("invalid locking key"));
    }
    CHECK(workers.all().empty());
}

TEST_CASE("names are limited, and known ones stay welcome") {
    proxy::Workers workers{kWallets};
    for (std::size_t n = 0; n < proxy::Workers::kMax; ++n) add(workers, "rig" + std::to_string(n));
    const auto* first = workers.first();
    const auto further = workers.read("one.more");
    REQUIRE_FALSE(further);
    CHECK(further.error().what == "more than 256 worker names on one connection");
    CHECK(workers.read("rig255"));
    CHECK(workers.first() == first);
    CHECK(workers.find("rig0") == first);
}

TEST_CASE("names of more than 255 bytes are the same where the first 255 are: they have one owner") {
    proxy::Workers workers{kWallets};
    const std::string name = to_hex(key_of(2)) + "." + std::string(300, 'n');
    auto& worker = add(workers, name);
    CHECK(worker.name.size() == 255);
    CHECK(workers.find(name) == &worker);
    CHECK(&add(workers, name + "x") == &worker);
    // Not in the middle of a character: half of one is not text.
    auto& other = add(workers, std::string(254, 'n') + "\u00e9");
    CHECK(other.name == std::string(254, 'n'));
    CHECK(workers.find(std::string(254, 'n') + "\u00e9") == &other);
}

TEST_CASE("what cannot be shown is not kept in a name, and the miner goes on") {
    proxy::Workers workers{kWallets};
    const std::string name = to_hex(key_of(2)) + ".rig\x1b[31m\xff";
    auto& worker = add(workers, name);
    CHECK(worker.name == to_hex(key_of(2)) + ".rig\xef\xbf\xbd[31m\xef\xbf\xbd");
    CHECK(worker.owner == key_of(2));
    CHECK(workers.find(name) == &worker);
}
