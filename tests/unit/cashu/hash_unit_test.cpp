// The generated set for unit "hash": one keyset through every step, checked against cashu-ts 4.8.
#include "cashu/nut10.hpp"
#include "cashu/nut12.hpp"
#include "cashu/nut13.hpp"
#include "cashu/nut20.hpp"
#include "cashu/quote_lookup.hpp"
#include "crypto/bip32.hpp"
#include "crypto/sha256.hpp"
#include "fixtures.hpp"
#include "token_vectors.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

namespace {

template <class Each>
void each_set(Each each) {
    for_each_vector(read_vectors("cashu/gen_hash_unit.json")["sets"], each);
}

}  // namespace

TEST_CASE("unit hash: private keys, public keys and both ids belong together") {
    // Count, fee and expiry are the entry's: one keyset has 64 keys and neither, the other 21 and both.
    const auto check_keyset = [](const Json& k) {
        auto keys = keys_from_json(parsed(k["keys"]));
        REQUIRE(keys.has_value());
        CHECK(keys->size() == k["private_keys"].size());
        for (const auto& [amount, key] : *keys)
            CHECK(secret_key(k["private_keys"][std::to_string(amount)]).public_key() == key);
        CHECK(keyset_id_v1(*keys).hex() == k["keyset_id_v1"]);
        std::optional<UnixSeconds> expiry;
        if (!k["final_expiry"].is_null()) expiry = k["final_expiry"].get<UnixSeconds>();
        CHECK(
            keyset_id_v2(*keys, k["unit"].get<std::string>(), k["input_fee_ppk"].get<std::uint64_t>(), expiry)
                .hex() == k["keyset_id_v2"]);
    };
    each_set([&](const Json& set) { check_keyset(set["keyset"]); });
    for_each_vector(read_vectors("cashu/gen_hash_unit.json")["keysets"], check_keyset);
}

TEST_CASE("unit hash: blind, sign, prove, unblind, verify") {
    each_set([](const Json& set) {
        for_each_vector(set["blind_sign_unblind"], [&](const Json& v) {
            std::string amount = std::to_string(v["amount"].get<std::uint64_t>());
            SecretKey k = secret_key(set["keyset"]["private_keys"][amount]), r = secret_key(v["r"]);
            PublicKey33 K = point(set["keyset"]["keys"][amount]);
            std::string secret = v["secret"];
            CHECK(to_hex(y_of(secret)) == v["Y"]);
            PublicKey33 B_ = *blind(secret, r);
            CHECK(to_hex(B_) == v["B_"]);
            PublicKey33 C_ = *sign_blinded(k, B_);
            CHECK(to_hex(C_) == v["C_"]);
            Dleq dleq = *make_dleq(k, K, B_, C_);
            CHECK(to_hex(dleq.e) == v["dleq_e"]);
            CHECK(to_hex(dleq.s) == v["dleq_s"]);
            CHECK(verify_dleq(K, B_, C_, dleq));
            PublicKey33 C = *unblind(C_, r, K);
            CHECK(to_hex(C) == v["C"]);
            CHECK(verify_unblinded(k, y_of(secret), C));
            CHECK(verify_dleq(K, secret, C, ProofDleq{dleq.e, dleq.s, r.bytes()}));
        });
    });
}

TEST_CASE("unit hash: tokens with short and full ids, with and without DLEQ") {
    each_set([](const Json& set) {
        std::vector<KeysetId> known{keyset_id(set["keyset"]["keyset_id_v2"]),
                                    keyset_id(set["keyset"]["keyset_id_v1"])};
        for_each_vector(set["tokens_v4"], [&](const Json& v) {
            Token expected = token_of_v4(v["token"]);
            auto text = decode_token(v["encoded"].get<std::string>());
            auto raw = decode_token_raw(bytes_of(v["raw_hex"]));
            REQUIRE(text.has_value());
            REQUIRE(raw.has_value());
            CHECK(*text == expected);
            CHECK(*raw == expected);
            TokenIds ids = v["kind"] == "full 33 byte id" ? TokenIds::full : TokenIds::shortened;
            CHECK(decode_token(encode_token(expected, ids)) == expected);
            REQUIRE(resolve_ids(*text, known).has_value());
            for (const Proof& proof : text->proofs) {
                CHECK(proof.id == known[0]);
                PublicKey33 K = point(set["keyset"]["keys"][std::to_string(proof.amount)]);
                if (proof.dleq) CHECK(verify_dleq(K, proof.secret, proof.C, *proof.dleq));
            }
        });
    });
}

TEST_CASE("unit hash: deterministic secrets") {
    each_set([](const Json& set) {
        const Json& n = set["nut13_v2"];
        auto seed = crypto::bip39_seed(n["mnemonic"].get<std::string>());
        REQUIRE(seed.has_value());
        for_each_vector(n["items"], [&](const Json& v) {
            auto derived = derive_secret(*seed, keyset_id(n["keyset_id"]), v["counter"].get<std::uint64_t>());
            REQUIRE(derived.has_value());
            CHECK(derived->secret == v["secret"]);
            CHECK(to_hex(derived->r.bytes()) == v["r"]);
        });
    });
}

TEST_CASE("unit hash: quote signatures in both forms, reproduced and verified") {
    each_set([](const Json& set) {
        const Json& n = set["nut20"];
        SecretKey key = secret_key(n["private_key"]);
        CHECK(to_hex(key.public_key()) == n["pubkey"]);
        auto outputs = blinded_messages_from_json(parsed(n), "outputs");
        REQUIRE(outputs.has_value());
        std::string quote = n["quote"];
        for (auto [name, form] :
             {std::pair{"legacy", MintMessageForm::legacy}, {"v1", MintMessageForm::v1}}) {
            Bytes message = mint_message(form, quote, *outputs);
            if (n[name].contains("msg_hex")) CHECK(to_hex(message) == n[name]["msg_hex"]);
            CHECK(to_hex(sign_mint(key, quote, *outputs, Bytes32{}, form)) == n[name]["signature"]);
            CHECK(verify_mint(key.public_key(), hex_array<64>(n[name]["signature"]), quote, *outputs, form));
        }
        CHECK(to_hex(crypto::sha256(mint_message(MintMessageForm::v1, quote, *outputs))) ==
              n["v1"]["msg_sha256"]);
    });
}

TEST_CASE("unit hash: locked secrets are recognised; lookups sign as published") {
    each_set([](const Json& set) {
        CHECK(secret_kind(set["p2pk"]["secret"].get<std::string>()) == SecretKind::p2pk);
        CHECK(to_hex(y_of(set["p2pk"]["secret"].get<std::string>())) == set["p2pk"]["Y"]);
        const Json& n = set["nutxx_lookup"];
        SecretKey key = secret_key(n["private_key"]);
        PublicKey33 mint_key = point(n["mint_pubkey"]);
        for (const char* form : {"mint_bound", "timestamped"}) {
            std::optional<UnixSeconds> timestamp;
            if (n[form].contains("timestamp")) timestamp = n[form]["timestamp"].get<UnixSeconds>();
            CHECK(lookup_message(mint_key, point(n["pubkey"]), timestamp) == n[form]["msg_utf8"]);
            CHECK(to_hex(sign_lookup(key, mint_key, timestamp, Bytes32{})) == n[form]["signature"]);
            LookupRequest request{{point(n["pubkey"])}, {n[form]["signature"]}, false, timestamp};
            CHECK(check_lookup(request, mint_key, timestamp.value_or(0)).has_value());
        }
    });
}
