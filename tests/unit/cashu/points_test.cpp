// Every place that takes a point or a scalar from outside refuses what is none.
#include "cashu/cbor.hpp"
#include "cashu/nut06.hpp"
#include "cashu/nut07.hpp"
#include "cashu/nut09.hpp"
#include "cashu/nut12.hpp"
#include "cashu/nut29.hpp"
#include "cashu/quote_lookup.hpp"
#include "cashu/tokens.hpp"
#include "crypto/base64url.hpp"
#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

namespace {

const std::string kOnCurve = "035015e6d7ade60ba8426cefaf1832bbd27257636e44a76b922d78e79b47cb689d";
const std::string kKeyset = "009a1f293253e41e";
const std::string kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

std::vector<std::string> not_points() {
    const std::string x = kOnCurve.substr(2), prime = std::string(54, 'f') + "fefffffc2f";
    return {"",                                  // nothing
            "02",                                // cut off
            x,                                   // x alone
            kOnCurve + "00",                     // too long
            "zz" + x,                            // not hex
            "00" + x,                            // infinity, or the prefix of nothing
            "04" + x,                            // the prefix of 65 bytes
            "06" + x,                            // hybrid
            "04" + x + x,                        // uncompressed, off the curve
            std::string(66, '0'),                // x = 0
            "02" + std::string(63, '0') + "5",   // off the curve: 5^3 + 7 is not a square
            "02" + prime,                        // x = p
            "03" + std::string(64, 'f'),         // x = 2^256 - 1
            "02" + prime.substr(0, 62) + "30"};  // x = p + 1, where x = 1 is on the curve
}

std::string output(const std::string& point) {
    return R"({"amount":1,"id":")" + kKeyset + R"(","B_":")" + point + R"("})";
}
std::string proof(const std::string& point) {
    return R"({"amount":1,"id":")" + kKeyset + R"(","secret":"s","C":")" + point + R"("})";
}
std::string signature(const std::string& point) {
    return R"({"amount":1,"id":")" + kKeyset + R"(","C_":")" + point + R"("})";
}
std::string quote(const std::string& point) {
    return R"({"quote":"q","amount_paid":1,"amount_issued":0,"pubkey":")" + point + R"("})";
}

/// Where points come in, each with the body around one: requests that the mint reads, answers that a wallet
/// reads.
struct Place {
    const char* name;
    std::function<bool(const std::string& point)> takes;
};
const std::vector<Place> kPlaces = {
    {"swap: B_",
     [](auto& p) {
         return swap_request_from_json(R"({"inputs":[)" + proof(kOnCurve) + R"(],"outputs":[)" + output(p) +
                                       "]}")
             .has_value();
     }},
    {"swap: C",
     [](auto& p) {
         return swap_request_from_json(R"({"inputs":[)" + proof(p) + R"(],"outputs":[)" + output(kOnCurve) +
                                       "]}")
             .has_value();
     }},
    {"mint: B_",
     [](auto& p) {
         return mint_request_from_json(R"({"quote":"q","outputs":[)" + output(p) + "]}").has_value();
     }},
    {"batch: B_",
     [](auto& p) {
         return batch_mint_request_from_json(R"({"quotes":["q"],"outputs":[)" + output(p) + "]}").has_value();
     }},
    {"restore: B_",
     [](auto& p) { return restore_request_from_json(R"({"outputs":[)" + output(p) + "]}").has_value(); }},
    {"checkstate: Y",
     [](auto& p) { return check_state_request_from_json(R"({"Ys":[")" + p + R"("]})").has_value(); }},
    {"lookup: key",
     [](auto& p) {
         return lookup_request_from_json(R"({"pubkeys":[")" + p + R"("],"pubkey_signatures":["00"]})")
             .has_value();
     }},
    {"signatures: C_",
     [](auto& p) { return signatures_from_json(R"({"signatures":[)" + signature(p) + "]}").has_value(); }},
    {"restored: C_",
     [](auto& p) {
         return restore_response_from_json(R"({"outputs":[)" + output(kOnCurve) + R"(],"signatures":[)" +
                                           signature(p) + "]}")
             .has_value();
     }},
    {"keys",
     [](auto& p) {
         return keysets_with_keys_from_json(R"({"keysets":[{"id":")" + kKeyset +
                                            R"(","unit":"hash","keys":{"1":")" + p + R"("}}]})")
             .has_value();
     }},
    {"info: pubkey",
     [](auto& p) { return mint_info_from_json(R"({"nuts":{},"pubkey":")" + p + R"("})").has_value(); }},
    // An empty string is how some mints say that there is none.
    {"quote: pubkey",
     [](auto& p) { return p.empty() ? false : quote_from_json(std::string_view(quote(p))).has_value(); }},
    {"token V3: C",
     [](auto& p) {
         return decode_token("cashuA" +
                             crypto::base64url_encode(as_bytes(R"({"token":[{"mint":"https://m","proofs":[)" +
                                                               proof(p) + R"(]}],"unit":"hash"})")))
             .has_value();
     }},
    {"token V4: c",
     [](auto& p) {
         auto bytes = from_hex(p);
         if (!bytes) return false;
         Bytes raw(as_bytes("crawB").begin(), as_bytes("crawB").end());
         append(raw, bytes_of("a3616d616d6175616861"
                              "7481a2616948009a1f293253e41e617081a3616101617361736163"));
         cbor::put_bytes(raw, *bytes);
         return decode_token_raw(raw).has_value();
     }},
};

}  // namespace

TEST_CASE("C8: what is no point is refused wherever points come in") {
    for (const Place& place : kPlaces) {
        CAPTURE(place.name);
        CHECK(place.takes(kOnCurve));
        for (const std::string& bad : not_points()) {
            CAPTURE(bad);
            CHECK_FALSE(place.takes(bad));
        }
    }
}

TEST_CASE("C8: scalars out of range verify nothing, and signatures of keys that are none neither") {
    MintKeyset keyset = make_keyset("hash", 0);
    const SecretKey& key = *keyset.key_for(4);
    const PublicKey33 A = keyset.keyset.keys.at(4);
    Pending pending = make_output(keyset.keyset.id, 4);
    const PublicKey33 C_ = *sign_blinded(key, pending.output.B_);
    const Dleq good = *make_dleq(key, A, pending.output.B_, C_);
    REQUIRE(verify_dleq(A, pending.output.B_, C_, good));
    for (const std::string& bad : {std::string(64, '0'), kOrder, std::string(64, 'f')}) {
        CAPTURE(bad);
        const Bytes32 scalar = *array_from_hex<32>(bad);
        CHECK_FALSE(verify_dleq(A, pending.output.B_, C_, Dleq{scalar, good.s}));
        CHECK_FALSE(verify_dleq(A, pending.output.B_, C_, Dleq{good.e, scalar}));
        CHECK_FALSE(SecretKey::from_bytes(scalar).has_value());
        Bytes64 signature{};
        std::copy(scalar.begin(), scalar.end(), signature.begin());
        std::copy(scalar.begin(), scalar.end(), signature.begin() + 32);
        CHECK_FALSE(crypto::schnorr_verify(signature, Bytes32{}, ByteView(A).subspan(1)));
    }
    for (const std::string& bad : not_points()) {
        auto bytes = array_from_hex<33>(bad);
        if (!bytes) continue;
        CAPTURE(bad);
        CHECK_FALSE(verify_dleq(*bytes, pending.output.B_, C_, good));
        CHECK_FALSE(verify_dleq(A, *bytes, C_, good));
        CHECK_FALSE(verify_dleq(A, pending.output.B_, *bytes, good));
        CHECK_FALSE(sign_blinded(key, *bytes).has_value());
    }
}
