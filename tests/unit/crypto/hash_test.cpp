#include "crypto/hmac.hpp"
#include "crypto/sha256.hpp"
#include "hex_field.hpp"

using namespace hp;
using namespace hp::crypto;
using test::hex_array;
using test::hex_field;

TEST_CASE("SHA-256 of FIPS 180-4's examples") {
    CHECK(to_hex(sha256(ByteView{})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(to_hex(sha256(as_bytes("abc"))) ==
          "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(to_hex(sha256(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(to_hex(sha256(Bytes(1'000'000, 'a'))) ==
          "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a copied SHA-256 is a midstate that leaves the original alone") {
    Sha256 prefix;
    prefix.update(Bytes(100, 7));
    Sha256 left = prefix, right = prefix;
    left.update(as_bytes("left"));
    right.update(as_bytes("right"));
    CHECK(left.finish() == sha256({Bytes(100, 7), as_bytes("left")}));
    CHECK(right.finish() == sha256({Bytes(100, 7), as_bytes("right")}));
    CHECK(prefix.finish() == sha256(Bytes(100, 7)));
}

TEST_CASE("SHA-256 in parts of any size equals SHA-256 at once") {
    Bytes message(300);
    for (std::size_t i = 0; i < message.size(); ++i) message[i] = static_cast<std::uint8_t>(i * 7);
    for (std::size_t step = 1; step <= message.size(); ++step) {
        Sha256 hash;
        for (std::size_t at = 0; at < message.size(); at += step)
            hash.update(ByteView{message}.subspan(at, std::min(step, message.size() - at)));
        REQUIRE(hash.finish() == sha256(message));
    }
}

TEST_CASE("the genesis block's header hashes twice to its id") {
    const auto header = from_hex(
        "0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e"
        "67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c");
    REQUIRE(header);
    CHECK(to_hex_reversed(sha256d(*header)) ==
          "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f");
}

TEST_CASE("a tagged hash is SHA-256 over the tag's hash twice, then the parts") {
    const Bytes32 tag = sha256(as_bytes("BIP0340/challenge"));
    CHECK(tagged_hash("BIP0340/challenge", {as_bytes("a"), as_bytes("bc")}) ==
          sha256({tag, tag, as_bytes("abc")}));
}

TEST_CASE("hmac-sha256.json") {
    test::for_each_vector(test::read_vectors("hmac-sha256.json").at("vectors"), [](const test::Json& entry) {
        const bool equal =
            hmac_sha256(hex_field(entry, "key"), hex_field(entry, "message")) == hex_array<32>(entry, "tag");
        CHECK(equal == entry.at("valid").get<bool>());
    });
}

TEST_CASE("HMAC-SHA-512 of RFC 4231, test cases 2 and 6") {
    CHECK(to_hex(hmac_sha512(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))) ==
          "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fd"
          "caeab1a34d4a6b4b636e070a38bce737");
    CHECK(to_hex(hmac_sha512(Bytes(131, 0xaa),
                             as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))) ==
          "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e52"
          "95e64f73f63f0aec8b915a985d786598");
}

TEST_CASE("HMAC of nothing under no key") {
    CHECK(to_hex(hmac_sha256({}, {})) == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
    CHECK(to_hex(hmac_sha512({}, {})) ==
          "b936cee86c9f87aa5d3c6f2e84cb5a4239a5fe50480a6ec66b70ab5b1f4ac6730c6c515421b327ec1d69402e53dfb49a"
          "d7381eb067b338fd7b0cb22247225d47");
}

TEST_CASE("hkdf-sha256-noise.json: two outputs") {
    test::for_each_vector(test::read_vectors("hkdf-sha256-noise.json").at("noise_two_outputs"),
                          [](const test::Json& entry) {
                              const auto out = hkdf2(hex_array<32>(entry, "ck"), hex_field(entry, "ikm"));
                              CHECK(out.first == hex_array<32>(entry, "out1"));
                              CHECK(out.second == hex_array<32>(entry, "out2"));
                          });
}

TEST_CASE("hkdf-sha256-noise.json: RFC 5869") {
    test::for_each_vector(
        test::read_vectors("hkdf-sha256-noise.json").at("rfc5869_info_empty"), [](const test::Json& entry) {
            CHECK(hkdf(hex_field(entry, "salt"), hex_field(entry, "ikm"), hex_field(entry, "info"),
                       entry.at("size").get<std::size_t>()) == hex_field(entry, "okm"));
        });
}

TEST_CASE("HKDF with info and several blocks: RFC 5869, test case 2") {
    Bytes ikm(80), salt(80), info(80);
    for (std::size_t i = 0; i < 80; ++i) {
        ikm[i] = static_cast<std::uint8_t>(i);
        salt[i] = static_cast<std::uint8_t>(0x60 + i);
        info[i] = static_cast<std::uint8_t>(0xb0 + i);
    }
    CHECK(to_hex(hkdf(salt, ikm, info, 82)) ==
          "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
          "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87");
    CHECK(hkdf(salt, ikm, info, 0).empty());
    CHECK(hkdf(salt, ikm, info, 255 * 32).size() == 255 * 32);
}
