// NUT-01 and NUT-02.
#include "cashu/keyset_json.hpp"
#include "cashu/nut02.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

TEST_CASE("NUT-01: key maps are accepted or refused as published") {
    for_each_vector(read_vectors("cashu/nut01_keysets.json")["vectors"], [](const Json& v) {
        CHECK(keys_from_json(parsed(v["keys"])).has_value() == v["valid"].get<bool>());
    });
}

TEST_CASE("key maps that could mean two things are refused (AC-206)") {
    const std::string a = "03a40f20667ed53513075dc51e715ff2046cad64eb68960632269ba7f0210e38bc";
    const std::string b = "03fd4ce5a16b65576145949e6f99f445f8249fee17c606b688b504a849cdc452de";
    auto read = [](const std::string& text) {
        auto json = parse_json(text);
        return json && keys_from_json(*json).has_value();
    };
    CHECK(read("{\"1\":\"" + a + "\",\"2\":\"" + b + "\"}"));
    CHECK_FALSE(read("{\"1\":\"" + a + "\",\"1\":\"" + b + "\"}"));
    CHECK_FALSE(read("{\"1\":\"" + a + "\",\"2\":\"" + a + "\"}"));
    for (const char* amount : {"0", "01", "+1", "-1", "1.0", "1e1", " 1", "", "18446744073709551616", "x"}) {
        CAPTURE(amount);
        CHECK_FALSE(read("{\"" + std::string(amount) + "\":\"" + a + "\"}"));
    }
    CHECK_FALSE(read("{}"));
    CHECK_FALSE(read("[]"));
}

TEST_CASE("NUT-02: ids of version 1 are as published") {
    for_each_vector(read_vectors("cashu/nut02_keyset_id_v1.json")["vectors"], [](const Json& v) {
        auto keys = keys_from_json(parsed(v["keys"]));
        REQUIRE(keys.has_value());
        CHECK(keyset_id_v1(*keys).hex() == v["keyset_id"]);
    });
}

TEST_CASE("NUT-02: ids of version 2 are as published, and bind unit, fee, expiry and keys") {
    for_each_vector(read_vectors("cashu/nut02_keyset_id_v2.json")["vectors"], [](const Json& v) {
        Keyset keyset;
        keyset.id = keyset_id(v["keyset_id"]);
        keyset.unit = v["unit"];
        keyset.input_fee_ppk = v["input_fee_ppk"];
        if (!v["final_expiry"].is_null()) keyset.final_expiry = v["final_expiry"].get<UnixSeconds>();
        auto keys = keys_from_json(parsed(v["keys"]));
        REQUIRE(keys.has_value());
        keyset.keys = *keys;
        CHECK(keyset_id_v2(keyset.keys, keyset.unit, keyset.input_fee_ppk, keyset.final_expiry).hex() ==
              v["keyset_id"]);
        CHECK(id_matches(keyset));
        for (int change = 0; change < 4; ++change) {
            Keyset other = keyset;
            if (change == 0) other.unit += "x";
            if (change == 1) other.input_fee_ppk += 1;
            if (change == 2) other.final_expiry = other.final_expiry.value_or(1) + 1;
            if (change == 3) other.keys.erase(other.keys.begin());
            CHECK_FALSE(id_matches(other));
        }
    });
}

TEST_CASE("NUT-02: fees are rounded up once over all inputs") {
    for_each_vector(read_vectors("cashu/nut02_fees.json")["vectors"], [](const Json& v) {
        CHECK(input_fee(v["input_fee_ppk"].get<std::vector<std::uint64_t>>()) ==
              v["fee"].get<std::uint64_t>());
    });
    CHECK(!input_fee(std::vector<std::uint64_t>{UINT64_MAX}).has_value());
    CHECK(input_fee(std::vector<std::uint64_t>{}) == 0u);
}

TEST_CASE("ids have one of two shapes") {
    CHECK(KeysetId::from_hex("009a1f293253e41e").has_value());
    CHECK(KeysetId::from_hex("01" + std::string(64, 'a')).has_value());
    for (const std::string& bad :
         {std::string(), std::string("009a1f293253e4"), std::string("029a1f293253e41e"),
          "00" + std::string(64, 'a'), "02" + std::string(64, 'a'), "01" + std::string(63, 'a'),
          std::string("009a1f293253e41g")}) {
        CAPTURE(bad);
        CHECK(!KeysetId::from_hex(bad).has_value());
    }
}

TEST_CASE("a short id stands for exactly one keyset or for none") {
    KeysetId a = keyset_id("01" + std::string(14, 'a') + std::string(50, '1'));
    KeysetId b = keyset_id("01" + std::string(14, 'a') + std::string(50, '2'));
    KeysetId c = keyset_id("01" + std::string(14, 'b') + std::string(50, '3'));
    KeysetId old = keyset_id("009a1f293253e41e");
    std::vector<KeysetId> known{a, c, old};
    CHECK(resolve(a.shortened(), known) == a);
    CHECK(resolve(a, known) == a);
    CHECK(resolve(old, known) == old);
    CHECK(!resolve(b, known).has_value());
    CHECK(!resolve(keyset_id("01" + std::string(14, 'f')), known).has_value());
    known.push_back(b);
    CHECK(resolve(a.shortened(), known).error().what == "keyset id '01aaaaaaaaaaaaaa' is ambiguous");
    // The same keyset listed twice is not ambiguous.
    CHECK(resolve(c.shortened(), std::vector<KeysetId>{c, c}) == c);
}

TEST_CASE("amounts split into powers of two that add up again") {
    CHECK(split_amount(0).empty());
    CHECK(split_amount(13) == std::vector<std::uint64_t>{1, 4, 8});
    CHECK(split_amount(UINT64_MAX).size() == 64);
    for (int round = 0; round < 100; ++round) {
        auto amount = get_le<std::uint64_t>(crypto::random_array<8>().data());
        std::uint64_t sum = 0;
        for (std::uint64_t part : split_amount(amount)) {
            CHECK((part & (part - 1)) == 0);
            sum += part;
        }
        CHECK(sum == amount);
    }
}

TEST_CASE("a mint's keys come from its seed again, and differ by unit and index") {
    MintKeyset a = make_keyset("hash", 0), again = make_keyset("HASH", 0), b = make_keyset("hash", 1),
               sat = make_keyset("sat", 0);
    CHECK(a.keyset == again.keyset);
    CHECK(a.keyset.unit == "hash");
    CHECK(a.keyset.id != b.keyset.id);
    CHECK(a.keyset.keys.at(1) != b.keyset.keys.at(1));
    CHECK(a.keyset.keys.at(1) != sat.keyset.keys.at(1));
    CHECK(a.keyset.id.version() == 1);
    CHECK(id_matches(a.keyset));
    CHECK(a.keyset.keys.size() == 16);
    for (const auto& [amount, key] : a.keyset.keys) CHECK(a.key_for(amount)->public_key() == key);
    for (std::uint64_t none :
         {std::uint64_t{0}, std::uint64_t{3}, std::uint64_t{1} << 16, std::uint64_t{1} << 63})
        CHECK(a.key_for(none) == nullptr);
    Bytes seed(32, 1);
    CHECK(derive_keyset(seed, "hash", 0, 0, std::nullopt)->keyset.keys.size() == 63);
    CHECK(!derive_keyset(seed, "hash", 0x8000'0000, 0, std::nullopt).has_value());
    CHECK(!derive_keyset(seed, "hash", 0, 0, 0).has_value());
    CHECK(unit_index("sat") == unit_index("SAT"));
    CHECK(unit_index("sat") < 0x8000'0000u);
}

TEST_CASE("a mint refuses a keyset twice and keeps inactive ones") {
    MintKeysets keysets;
    MintKeyset a = make_keyset("hash", 0), b = make_keyset("hash", 1);
    CHECK(keysets.active("hash") == nullptr);
    REQUIRE(keysets.insert(a).has_value());
    CHECK(!keysets.insert(a).has_value());
    REQUIRE(keysets.insert(b).has_value());
    CHECK(keysets.active("hash")->keyset.id == b.keyset.id);
    keysets.set_active(b.keyset.id, false);
    CHECK(keysets.active("hash")->keyset.id == a.keyset.id);
    CHECK(keysets.all().size() == 2);
    CHECK(keysets.all_active().size() == 1);
    CHECK(keysets.find(b.keyset.id) != nullptr);
    CHECK(keysets.active("sat") == nullptr);
}

TEST_CASE("what the mint says of its keysets a wallet reads back") {
    MintKeyset a = make_keyset("hash", 0, 100, 2000000000), b = make_keyset("hash", 1);
    b.keyset.active = false;
    std::vector<const Keyset*> both{&a.keyset, &b.keyset};
    auto with_keys = keysets_with_keys_from_json(keys_json(both));
    REQUIRE(with_keys.has_value());
    CHECK(*with_keys == std::vector<Keyset>{a.keyset, b.keyset});
    CHECK(id_matches((*with_keys)[0]));
    auto list = keysets_from_json(keysets_json(both));
    REQUIRE(list.has_value());
    CHECK((*list)[0].keys.empty());
    CHECK((*list)[0].final_expiry == 2000000000);
    CHECK((*list)[1].active == false);
    CHECK((*list)[1].final_expiry == std::nullopt);
    CHECK(keysets_json(both).find("\"input_fee_ppk\":0") != std::string::npos);
    CHECK(!keysets_from_json(R"({"keysets":[{"id":"01aaaaaaaaaaaaaa","unit":"hash","active":true}]})")
               .has_value());
}
