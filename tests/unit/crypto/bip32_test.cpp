#include "crypto/bip32.hpp"

#include "crypto/base58.hpp"
#include "crypto/bip39_words.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"
#include "hex_field.hpp"

using namespace hp;
using namespace hp::crypto;

namespace {

struct Bip32Vector {
    std::string_view seed;
    std::vector<std::uint32_t> path;
    std::string_view xprv;
};

struct MnemonicVector {
    std::string_view entropy;
    std::string_view mnemonic;
};

/// BIP 32's test vectors 1 to 4, the private keys.
const Bip32Vector kBip32[] = {
    {"000102030405060708090a0b0c0d0e0f",
     {},
     "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yu"
     "GBxrMPHi"},
    {"000102030405060708090a0b0c0d0e0f",
     {0 | kHardened},
     "xprv9uHRZZhk6KAJC1avXpDAp4MDc3sQKNxDiPvvkX8Br5ngLNv1TxvUxt4cV1rGL5hj6KCesnDYUhd7oWgT11eZG7XnxHrnYeSvkzY"
     "7d2bhkJ7"},
    {"000102030405060708090a0b0c0d0e0f",
     {0 | kHardened, 1},
     "xprv9wTYmMFdV23N2TdNG573QoEsfRrWKQgWeibmLntzniatZvR9BmLnvSxqu53Kw1UmYPxLgboyZQaXwTCg8MSY3H2EU4pWcQDnRnr"
     "VA1xe8fs"},
    {"000102030405060708090a0b0c0d0e0f",
     {0 | kHardened, 1, 2 | kHardened},
     "xprv9z4pot5VBttmtdRTWfWQmoH1taj2axGVzFqSb8C9xaxKymcFzXBDptWmT7FwuEzG3ryjH4ktypQSAewRiNMjANTtpgP4mLTj34b"
     "hnZX7UiM"},
    {"000102030405060708090a0b0c0d0e0f",
     {0 | kHardened, 1, 2 | kHardened, 2},
     "xprvA2JDeKCSNNZky6uBCviVfJSKyQ1mDYahRjijr5idH2WwLsEd4Hsb2Tyh8RfQMuPh7f7RtyzTtdrbdqqsunu5Mm3wDvUAKRHSC34"
     "sJ7in334"},
    {"000102030405060708090a0b0c0d0e0f",
     {0 | kHardened, 1, 2 | kHardened, 2, 1000000000},
     "xprvA41z7zogVVwxVSgdKUHDy1SKmdb533PjDz7J6N6mV6uS3ze1ai8FHa8kmHScGpWmj4WggLyQjgPie1rFSruoUihUZREPSL39UNd"
     "E3BBDu76"},
    {"fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696"
     "663605d5a5754514e4b484542",
     {},
     "xprv9s21ZrQH143K31xYSDQpPDxsXRTUcvj2iNHm5NUtrGiGG5e2DtALGdso3pGz6ssrdK4PFmM8NSpSBHNqPqm55Qn3LqFtT2emdEX"
     "VYsCzC2U"},
    {"fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696"
     "663605d5a5754514e4b484542",
     {0},
     "xprv9vHkqa6EV4sPZHYqZznhT2NPtPCjKuDKGY38FBWLvgaDx45zo9WQRUT3dKYnjwih2yJD9mkrocEZXo1ex8G81dwSM1fwqWpWkeS"
     "3v86pgKt"},
    {"fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696"
     "663605d5a5754514e4b484542",
     {0, 2147483647 | kHardened},
     "xprv9wSp6B7kry3Vj9m1zSnLvN3xH8RdsPP1Mh7fAaR7aRLcQMKTR2vidYEeEg2mUCTAwCd6vnxVrcjfy2kRgVsFawNzmjuHc2YmYRm"
     "agcEPdU9"},
    {"fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696"
     "663605d5a5754514e4b484542",
     {0, 2147483647 | kHardened, 1},
     "xprv9zFnWC6h2cLgpmSA46vutJzBcfJ8yaJGg8cX1e5StJh45BBciYTRXSd25UEPVuesF9yog62tGAQtHjXajPPdbRCHuWS6T8XA2EC"
     "KADdw4Ef"},
    {"fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696"
     "663605d5a5754514e4b484542",
     {0, 2147483647 | kHardened, 1, 2147483646 | kHardened},
     "xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpC"
     "qE2VbFWc"},
    {"fffcf9f6f3f0edeae7e4e1dedbd8d5d2cfccc9c6c3c0bdbab7b4b1aeaba8a5a29f9c999693908d8a8784817e7b7875726f6c696"
     "663605d5a5754514e4b484542",
     {0, 2147483647 | kHardened, 1, 2147483646 | kHardened, 2},
     "xprvA2nrNbFZABcdryreWet9Ea4LvTJcGsqrMzxHx98MMrotbir7yrKCEXw7nadnHM8Dq38EGfSh6dqA9QWTyefMLEcBYJUuekgW4BY"
     "PJcr9E7j"},
    {"4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1"
     "e7d1457df2e5a3c51c73235be",
     {},
     "xprv9s21ZrQH143K25QhxbucbDDuQ4naNntJRi4KUfWT7xo4EKsHt2QJDu7KXp1A3u7Bi1j8ph3EGsZ9Xvz9dGuVrtHHs7pXeTzjuxB"
     "rCmmhgC6"},
    {"4b381541583be4423346c643850da4b320e46a87ae3d2a4e6da11eba819cd4acba45d239319ac14f863b8d5ab5a0d0c64d2e8a1"
     "e7d1457df2e5a3c51c73235be",
     {0 | kHardened},
     "xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9"
     "WACViL4L"},
    {"3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678",
     {},
     "xprv9s21ZrQH143K48vGoLGRPxgo2JNkJ3J3fqkirQC2zVdk5Dgd5w14S7fRDyHH4dWNHUgkvsvNDCkvAwcSHNAQwhwgNMgZhLtQC63"
     "zxwhQmRv"},
    {"3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678",
     {0 | kHardened},
     "xprv9vB7xEWwNp9kh1wQRfCCQMnZUEG21LpbR9NPCNN1dwhiZkjjeGRnaALmPXCX7SgjFTiCTT6bXes17boXtjq3xLpcDjzEuGLQBM5"
     "ohqkao9G"},
    {"3ddd5602285899a946114506157c7997e5444528f3003f6134712147db19b678",
     {0 | kHardened, 1 | kHardened},
     "xprv9xJocDuwtYCMNAo3Zw76WENQeAS6WGXQ55RCy7tDJ8oALr4FWkuVoHJeHVAcAqiZLE7Je3vZJHxspZdFHfnBEjHqU5hG1Jaj32d"
     "VoS6XLT1"},
};

/// Of the public BIP 39 test set: every entropy size, the extremes of the word list, and mixed words.
const MnemonicVector kMnemonics[] = {
    {"00000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful legal winner thank yellow"},
    {"80808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"},
    {"ffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo when"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo vote"},
    {"7dce4ed2284c9134d026608ab684c05c",
     "lava include region explain simple omit dog slot melt reflect copy reward"},
    {"0ce452419635c1a5faf44d60f2029f73fdc43419b4de1f03",
     "artefact card motor cluster foster spray type meadow genius mosquito pond tree sword borrow grocery "
     "orange business burger"},
    {"89bb4bc5555992cdaf3444c5e7ca5a6e9f27efab894f1990bae41be8b2a26ea4",
     "meadow surge vanish primary odor grocery rubber mass shine dinner notable tag venue water purchase "
     "clarify book magic ribbon daughter menu eye ritual orchard"},
};

std::string seed_hex(std::string_view mnemonic, std::string_view passphrase = "") {
    const auto seed = bip39_seed(mnemonic, passphrase);
    REQUIRE(seed);
    return to_hex(*seed);
}

}  // namespace

TEST_CASE("BIP 32 private derivation: every published chain of test vectors 1 to 4") {
    for (const auto& [seed, path, xprv] : kBip32) {
        CAPTURE(xprv);
        const auto derived = bip32_derive(from_hex(seed).value(), path);
        REQUIRE(derived);
        // version 4, depth 1, parent fingerprint 4, child number 4, chain code 32, 00, key 32
        const auto published = base58check_decode(xprv);
        REQUIRE(published);
        REQUIRE(published->size() == 78);
        CHECK(to_hex(derived->chain_code) == to_hex(ByteView{*published}.subspan(13, 32)));
        CHECK(to_hex(derived->key.bytes()) == to_hex(ByteView{*published}.last(32)));
    }
}

TEST_CASE("a BIP 32 seed has 16 to 64 bytes") {
    for (std::size_t size : {0, 15, 65}) CHECK_FALSE(bip32_master(Bytes(size, 1)));
    for (std::size_t size : {16, 32, 64}) CHECK(bip32_master(Bytes(size, 1)).has_value());
    CHECK_FALSE(bip32_derive(Bytes(15, 1), std::vector<std::uint32_t>{0}));
}

TEST_CASE("the word list is BIP 39's file") {
    std::string file;
    for (std::string_view word : kBip39Words) file.append(word).append("\n");
    CHECK(to_hex(sha256(as_bytes(file))) ==
          "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
    CHECK(std::is_sorted(kBip39Words.begin(), kBip39Words.end()));
}

TEST_CASE("entropy to words") {
    for (const auto& [entropy, mnemonic] : kMnemonics) {
        CHECK(bip39_mnemonic(from_hex(entropy).value()) == mnemonic);
        CHECK(bip39_check(mnemonic).has_value());
    }
    for (std::size_t size : {16, 20, 24, 28, 32})
        for (int i = 0; i < 20; ++i) {
            Bytes entropy(size);
            random_bytes(entropy);
            CHECK(bip39_check(bip39_mnemonic(entropy)).has_value());
        }
}

TEST_CASE("words to seed: PBKDF2 checked with Python's hashlib") {
    CHECK(seed_hex(kMnemonics[0].mnemonic, "TREZOR") ==
          "c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e53495531f09a6987599d18264c1e1c92f2cf14163"
          "0c7a3c4ab7c81b2f001698e7463b04");
    CHECK(seed_hex(kMnemonics[0].mnemonic) ==
          "5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43d"
          "aea6690f20ad3d8d48b2d2ce9e38e4");
    CHECK(seed_hex(kMnemonics[8].mnemonic, "TREZOR") ==
          "edfc11f0974c6402afca74031166da1b5d5b3622e391b2ea163e32df77125f06392fc7f437cb62527eb9818e4cb3af5e91"
          "8729d91f4f239b387343a88acc1267");
}

TEST_CASE("white space between the words does not matter") {
    const std::string spaced =
        "  lava include\tregion explain simple omit\n dog slot melt reflect copy   reward\r\n";
    CHECK(seed_hex(spaced) == seed_hex(kMnemonics[6].mnemonic));
}

TEST_CASE("wrong mnemonics are refused without showing a word") {
    const auto why = [](std::string_view mnemonic) {
        const auto checked = bip39_check(mnemonic);
        REQUIRE_FALSE(checked);
        CHECK_FALSE(bip39_seed(mnemonic));
        return checked.error().what;
    };
    CHECK(why("") == "mnemonic has 0 words, expected 12, 15, 18, 21 or 24");
    CHECK(why("zoo zoo zoo") == "mnemonic has 3 words, expected 12, 15, 18, 21 or 24");
    CHECK(why("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo").find("has 13 words") !=
          std::string::npos);
    CHECK(why(std::string(4000, 'a') + std::string(11 * 2, ' ')).find("has 1 words") != std::string::npos);
    CHECK(why("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo") == "the mnemonic's checksum is wrong");
    CHECK(why("zoo zoo zoo zoos zoo zoo zoo zoo zoo zoo zoo wrong") ==
          "word 4 of the mnemonic is not in BIP 39's English list");
    CHECK(why("Zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong") ==
          "word 1 of the mnemonic is not in BIP 39's English list");
    CHECK(why("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zzz").find("word 12") == 0);
    // Two words exchanged.
    CHECK(why("include lava region explain simple omit dog slot melt reflect copy reward") ==
          "the mnemonic's checksum is wrong");
    CHECK_FALSE(bip39_seed(kMnemonics[0].mnemonic, "caf\xc3\xa9"));
}

TEST_CASE("cashu/nut13_v1.json: secrets and blinding factors by path") {
    const auto file = test::read_vectors("cashu/nut13_v1.json");
    const auto seed = bip39_seed(file.at("mnemonic").get<std::string>());
    REQUIRE(seed);
    test::for_each_vector(file.at("vectors"), [&](const test::Json& entry) {
        std::vector<std::uint32_t> path{129372 | kHardened, 0 | kHardened,
                                        file.at("keyset_id_int").get<std::uint32_t>() | kHardened,
                                        entry.at("counter").get<std::uint32_t>() | kHardened, 0};
        const auto secret = bip32_derive(*seed, path);
        REQUIRE(secret);
        CHECK(to_hex(secret->key.bytes()) == entry.at("secret").get<std::string>());
        path.back() = 1;
        const auto r = bip32_derive(*seed, path);
        REQUIRE(r);
        CHECK(to_hex(r->key.bytes()) == entry.at("r").get<std::string>());
    });
}
