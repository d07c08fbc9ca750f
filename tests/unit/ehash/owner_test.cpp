// Whose ehash it is, by a name or by TLVs.
#include "ehash/owner.hpp"

#include "crypto/base58.hpp"

#include <doctest/doctest.h>

#include <random>

#include "sv2/ehash.hpp"
#include "sv2/frame.hpp"

using namespace hp;

namespace {

const std::string kKey = "02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17";
const std::string kDigits = kKey.substr(2);

std::string upper(std::string text) {
    for (char& c : text)
        if (c >= 'a' && c <= 'f') c = static_cast<char>(c - 'a' + 'A');
    return text;
}

/// "key", "name", or what is wrong.
std::string judge(std::string_view name) {
    const auto key = ehash::key_from_name(name);
    if (!key) return key.error().what;
    if (!*key) return "name";
    CHECK(to_hex(**key) == kKey);
    return "key";
}

sv2::Tlv tlv(std::uint8_t field, ByteView value, std::uint16_t extension = sv2::ehash::kExtensionType) {
    return {extension, field, Bytes(value.begin(), value.end())};
}
Bytes bytes_of(std::initializer_list<sv2::Tlv> tlvs) {
    Bytes out;
    for (const auto& each : tlvs) sv2::append_tlv(out, each);
    return out;
}

}  // namespace

TEST_CASE("a name that is a key owns, alone or with a rig's name behind") {
    for (const auto& name : {kKey, upper(kKey), kKey + ".rig", kKey + "_rig", kKey + ".", kKey + "_",
                             kKey + ".a.b_c/d", kKey + "." + kKey, kKey + ".." + std::string(300, 'a')})
        CHECK(judge(name) == "key");
    CHECK(ehash::key_from_name("03" + kDigits).value());
}

TEST_CASE("an ordinary name is a name, whatever separates its parts") {
    for (std::string name : {"", "alice", "alice.rig1", "alice_rig1", "a_b.c", "1", "deadbeef", " ", "...",
                             "0x", "bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq.rig_7",
                             "bc1p5d7rjq7g6rdk2yhzks9smlaqtedr4dekq08ge8ztwac72sfr9rusxg3297",
                             "npub1sg6plzptd64u62a878hep2kev88swjh3tw00gjsfl8f237lmu63q0uf63m",
                             "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8"
                             "YtGqsefD265TMg7usUDFdp6W1EGMcet8"})
        CHECK(judge(name) == "name");
    CHECK(judge("lno1" + std::string(60, 'q') + std::string(200, 'e')) ==
          "name");  // an offer: long, few hex digits
    CHECK(judge(kDigits.substr(0, 63)) == "name");
    CHECK(judge(kDigits.substr(0, 63) + ".abc") == "name");
}

TEST_CASE("what was meant to be a key and is none says what is wrong") {
    const auto is_refused = [](const std::string& name, const std::string& why) {
        CAPTURE(name);
        CHECK(judge(name) == "invalid locking key: " + why);
    };
    is_refused(kDigits, "expected 66 hex digits, got 64 (x-only: 02 or 03 is missing)");
    is_refused(kDigits + ".rig", "expected 66 hex digits, got 64 (x-only: 02 or 03 is missing)");
    is_refused(kKey.substr(0, 65), "expected 66 hex digits, got 65");
    is_refused(kKey + "0", "expected 66 hex digits, got 67");
    is_refused(kKey + "0.rig", "expected 66 hex digits, got 67");
    is_refused("04" + kDigits + kDigits, "expected 66 hex digits, got 130 (not compressed)");
    is_refused("04" + kDigits, "expected 02 or 03 at the beginning, got 04");
    is_refused("00" + kDigits, "expected 02 or 03 at the beginning, got 00");
    is_refused("02" + std::string(64, 'f'), "it is not a point on the curve");
    is_refused("02" + std::string(64, '0') + ".rig", "it is not a point on the curve");
    is_refused("0x" + kKey, "it begins with 0x");
    is_refused("0X" + kKey + ".rig", "it begins with 0x");
    is_refused(" " + kKey, "expected it at the beginning of the name, got ' ' before it");
    is_refused("\t0x" + kKey,
               "expected it at the beginning of the name, got '" + printable("\t") + "' before it");
    is_refused("\"" + kKey + "\"",
               "expected it at the beginning of the name, got '" + printable("\"") + "' before it");
    is_refused("\xc2\xa0" + kKey,
               "expected it at the beginning of the name, got '" + printable("\xc2\xa0") + "' before it");
    is_refused(kKey + "/rig", "expected '.' or '_' after it, got '/'");
    is_refused(kKey + ":rig", "expected '.' or '_' after it, got ':'");
    is_refused(kKey + " ", "expected '.' or '_' after it, got ' '");
    is_refused(kKey + "-rig", "expected '.' or '_' after it, got '-'");
    is_refused(kKey + "rig", "expected '.' or '_' after it, got 'r'");
    is_refused(".rig", "expected a key or a name before '.', got nothing");
    const auto base58 = crypto::authority_key_text(*array_from_hex<32>(kDigits));
    is_refused(base58, "expected its 66 hex digits (hp-config pubkey), got base58check");
    is_refused(base58 + ".rig", "expected its 66 hex digits (hp-config pubkey), got base58check");
    CHECK(judge(base58.substr(1) + ".rig") == "name");
    std::string typo = kKey;
    typo[30] = 'O';
    is_refused(typo, "expected a hex digit at place 31, got 'O'");
}

TEST_CASE("no spoilt key is silently somebody else's") {
    std::mt19937 random{12};
    const auto any = [&](std::size_t below) { return random() % below; };
    const std::string typed = "0123456789abcdefABCDEFgOoIl.-_:/ \tx";
    for (int round = 0; round < 20'000; ++round) {
        std::string name = any(2) ? kKey : upper(kKey);
        if (any(2)) name += any(2) ? ".rig" : "_rig";
        switch (any(4)) {
            case 0:  // a digit less
                name.erase(any(66), 1);
                break;
            case 1:  // one more
                name.insert(any(67), 1, "0123456789abcdef"[any(16)]);
                break;
            case 2:  // another one
                name[any(66)] = "0123456789abcdefOlg"[any(19)];
                break;
            default:  // something before it
                name.insert(0, 1, " \t\"'<(:=@"[any(9)]);
        }
        const auto key = ehash::key_from_name(name);
        CAPTURE(name);
        // Refused, or a key that was typed as it is: half of all x have a point.
        if (key) {
            REQUIRE(*key);
            CHECK(to_hex(**key) == [&] {
                std::string lower = name.substr(0, 66);
                for (char& c : lower) c = static_cast<char>(std::tolower(c));
                return lower;
            }());
        }
    }
    // Whatever comes: an owner only by a valid key of exactly 66 digits at the beginning.
    for (int round = 0; round < 20'000; ++round) {
        std::string name;
        for (std::size_t n = any(90); n > 0; --n) name += typed[any(typed.size())];
        const auto key = ehash::key_from_name(name);
        if (key && *key) CHECK(array_from_hex<33>(name.substr(0, 66)));
    }
}

TEST_CASE("TLVs name an owner: the key, else the key that the name is") {
    ehash::KnownKeys known;
    const auto key = *array_from_hex<33>(kKey);
    auto other = key;
    other[0] ^= 1;
    const auto named = [&](const Bytes& bytes, bool is_negotiated = true) -> std::string {
        const auto tlvs = ehash::owner_tlvs(bytes, is_negotiated);
        REQUIRE(tlvs);
        const auto owner = ehash::named_owner(*tlvs, known);
        if (!owner) return owner.error().what;
        return *owner ? to_hex(**owner) : "nobody";
    };
    const auto owner = tlv(1, key), name = tlv(2, as_bytes(std::string_view("alice"))),
               key_name = tlv(2, as_bytes(std::string_view(kKey)));
    CHECK(named({}) == "nobody");
    CHECK(named(bytes_of({owner})) == kKey);
    CHECK(named(bytes_of({name, owner})) == kKey);
    CHECK(named(bytes_of({name})) == "nobody");
    CHECK(named(bytes_of({key_name})) == kKey);
    CHECK(named(bytes_of({key_name, tlv(1, other)})) == to_hex(other));
    CHECK(named(bytes_of({tlv(3, key), tlv(1, key, 0x0002), tlv(1, key, 0x4852)})) == "nobody");
    CHECK(named(bytes_of({owner, key_name}), false) == "nobody");
    CHECK(named(bytes_of({owner, tlv(1, other)})) == kKey);
    for (int twice = 0; twice < 2; ++twice) {  // what is not a key is not cached as one
        CHECK(named(bytes_of({tlv(1, Bytes(33, 0))})) ==
              "invalid locking key: it is not a point on the curve");
        CHECK(named(bytes_of({tlv(1, Bytes(33, 0xff))})) ==
              "invalid locking key: it is not a point on the curve");
        CHECK(named(bytes_of({tlv(1, Bytes(32, 2)), key_name})) ==
              "invalid locking key: expected 33 bytes, got 32");
        CHECK(named(bytes_of({tlv(2, as_bytes(std::string_view(kDigits)))}))
                  .starts_with("invalid locking key"));
    }
    CHECK(named(bytes_of({owner})) == kKey);

    auto cut = bytes_of({owner});
    cut.pop_back();
    CHECK_FALSE(ehash::owner_tlvs(cut, true));
    CHECK_FALSE(ehash::owner_tlvs(cut, false));
    const auto long_name = ehash::owner_tlvs(bytes_of({tlv(2, Bytes(300, 'n'))}), true);
    CHECK(long_name->user_identity->size() == 255);
}
