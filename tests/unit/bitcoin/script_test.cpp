#include "bitcoin/script.hpp"

#include "bitcoin/bech32.hpp"
#include "crypto/base58.hpp"
#include "vectors.hpp"

using namespace hp;
using namespace hp::bitcoin;

namespace {

std::string script(std::string_view text, Network network) {
    auto out = script_from_text(text, network);
    return out ? to_hex(*out) : out.error().what;
}
std::string base58(std::uint8_t version) {
    Bytes payload(21, 0xab);
    payload[0] = version;
    return crypto::base58check_encode(payload);
}
const std::string kHash20(40, 'a');

}  // namespace

// Addresses and scripts from the examples of BIP 173 and BIP 350.
TEST_CASE("segwit addresses of the BIPs") {
    CHECK(script("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", Network::mainnet) ==
          "0014751e76e8199196d454941c45d1b3a323f1433bd6");
    CHECK(script("tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7", Network::signet) ==
          "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262");
    CHECK(script("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", Network::mainnet) ==
          "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
    CHECK(script("tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c", Network::testnet4) ==
          "5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433");
}

TEST_CASE("what BIP 350 calls invalid is refused") {
    for (const char* text : {"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
                             "tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf",
                             "BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL",
                             "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
                             "tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47",
                             "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
                             "BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R", "bc1pw5dgrnzv",
                             "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
                             "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
                             "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq",
                             "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
                             "tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j", "bc1gmk9yu",
                             "bc1", "1", "bcrt1"}) {
        CAPTURE(std::string(text));
        CHECK_FALSE(decode_segwit_address(text).has_value());
        for (auto network : {Network::mainnet, Network::testnet4, Network::regtest})
            CHECK_FALSE(script_from_text(text, network).has_value());
    }
}

TEST_CASE("a prefix of no network is refused, though its checksum is good") {
    const char* text = "tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut";
    CHECK(decode_segwit_address(text).value().hrp == "tc");
    for (auto network : {Network::mainnet, Network::testnet4, Network::regtest})
        CHECK_FALSE(script_from_text(text, network));
}

TEST_CASE("encoding is the inverse of decoding") {
    for (unsigned version = 0; version <= 16; ++version)
        for (std::size_t size : {2u, 20u, 32u, 33u, 40u}) {
            if (version == 0 && size != 20 && size != 32) continue;
            Bytes program(size, static_cast<std::uint8_t>(0x11 * (version % 15) + 3));
            const auto decoded = decode_segwit_address(segwit_address(Network::regtest, version, program));
            REQUIRE_MESSAGE(decoded, decoded.error().what);
            CHECK(decoded->hrp == "bcrt");
            CHECK(decoded->version == version);
            CHECK(decoded->program == program);
        }
}

TEST_CASE("every changed character of an address is noticed") {
    const std::string address = segwit_address(Network::mainnet, 1, Bytes(32, 0x5a));
    for (std::size_t i = 4; i < address.size(); ++i) {
        std::string changed = address;
        changed[i] = changed[i] == 'q' ? 'p' : 'q';
        CHECK_FALSE(decode_segwit_address(changed));
    }
}

TEST_CASE("base58 addresses") {
    const std::string hash(40, 'b');
    const auto p2pkh = [](std::uint8_t v, Network n) { return script(base58(v), n); };
    std::string ab;
    for (int i = 0; i < 20; ++i) ab += "ab";
    for (auto network : {Network::sim, Network::regtest, Network::testnet4, Network::signet}) {
        CHECK(p2pkh(0x6f, network) == "76a914" + ab + "88ac");
        CHECK(p2pkh(0xc4, network) == "a914" + ab + "87");
    }
    CHECK(p2pkh(0x00, Network::mainnet) == "76a914" + ab + "88ac");
    CHECK(p2pkh(0x05, Network::mainnet) == "a914" + ab + "87");
    // The reward of the genesis block goes to this key's hash.
    CHECK(script("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", Network::mainnet) ==
          "76a91462e907b15cbf27d5425399ebf6f0fb50ebb88f1888ac");
    CHECK_FALSE(script_from_text("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", Network::mainnet));
    CHECK_FALSE(script_from_text(crypto::base58check_encode(Bytes(20, 0)), Network::mainnet));
}

TEST_CASE("an address of another network is refused by name") {
    CHECK(script(base58(0x00), Network::regtest).ends_with("an address of mainnet, expected one of regtest"));
    CHECK(script(base58(0x6f), Network::mainnet)
              .ends_with("an address of sim or regtest or testnet4 or signet, expected one of mainnet"));
    CHECK(script(segwit_address(Network::mainnet, 0, Bytes(20, 1)), Network::sim)
              .ends_with("an address of mainnet, expected one of sim"));
    CHECK(script(segwit_address(Network::signet, 0, Bytes(20, 1)), Network::mainnet)
              .ends_with("an address of testnet4 or signet, expected one of mainnet"));
    CHECK(script(segwit_address(Network::sim, 0, Bytes(20, 1)), Network::regtest).size() == 44);
}

TEST_CASE("coins are not sent where anybody can take them") {
    CHECK_FALSE(script_from_text(segwit_address(Network::mainnet, 2, Bytes(32, 1)), Network::mainnet));
    CHECK_FALSE(
        script_from_text(segwit_address(Network::mainnet, 1, from_hex("4e73").value()), Network::mainnet));
}

TEST_CASE("raw scripts") {
    CHECK(script("raw(51)", Network::mainnet) == "51");
    CHECK(script("raw(" + std::string(20'000, 'a') + ")", Network::sim).size() == 20'000);
    for (const std::string& bad :
         {std::string("raw()"), std::string("raw(5)"), std::string("raw(51"), std::string("raw(zz)"),
          "raw(" + std::string(20'002, 'a') + ")", std::string("raw(51) "), std::string("")})
        CHECK_FALSE(script_from_text(bad, Network::sim));
}

TEST_CASE("networks by name") {
    for (auto network :
         {Network::sim, Network::regtest, Network::testnet4, Network::signet, Network::mainnet})
        CHECK(network_from_name(network_name(network)).value() == network);
    CHECK(network_from_name("bitcoin\n").error().what.find('\n') == std::string::npos);
    CHECK_FALSE(network_from_name(""));
}
