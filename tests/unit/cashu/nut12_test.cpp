#include "cashu/nut12.hpp"

#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

TEST_CASE("NUT-12: published challenges, nonces and proofs") {
    for_each_vector(read_vectors("cashu/nut12_dleq.json")["vectors"], [](const Json& v) {
        std::string kind = v["kind"];
        if (kind == "hash_e") {
            auto e = dleq_challenge(point(v["R1"]), point(v["R2"]), point(v["K"]), point(v["C_"]));
            REQUIRE(e.has_value());
            CHECK(to_hex(*e) == v["hash"]);
        } else if (kind == "sign") {
            auto dleq = make_dleq(secret_key(v["a"]), point(v["A"]), point(v["B_"]), point(v["C_"]));
            REQUIRE(dleq.has_value());
            CHECK(to_hex(dleq->e) == v["e"]);
            CHECK(to_hex(dleq->s) == v["s"]);
        } else if (v.contains("proof")) {
            auto proof = proof_from_json(parsed(v["proof"]));
            REQUIRE(proof.has_value());
            CHECK(verify_dleq(point(v["A"]), proof->secret, proof->C, *proof->dleq) ==
                  v["valid"].get<bool>());
        } else {
            REQUIRE(kind == "verify_blind_signature");
            auto signature = blind_signature_from_json(parsed(v["blind_signature"]));
            REQUIRE(signature.has_value());
            CHECK(verify_dleq(point(v["A"]), point(v["B_"]), signature->C_, *signature->dleq) ==
                  v["valid"].get<bool>());
        }
    });
}

TEST_CASE("a proof holds for its key, its points and its numbers alone, in both forms") {
    for (int round = 0; round < 10; ++round) {
        SecretKey a = SecretKey::generate(), r = SecretKey::generate();
        std::string secret = to_hex(crypto::random_array<32>());
        PublicKey33 A = a.public_key(), B_ = *blind(secret, r), C_ = *sign_blinded(a, B_),
                    C = *unblind(C_, r, A);
        Dleq dleq = *make_dleq(a, A, B_, C_);
        CHECK(make_dleq(a, A, B_, C_) == dleq);
        CHECK(verify_dleq(A, B_, C_, dleq));
        ProofDleq in_token{dleq.e, dleq.s, r.bytes()};
        CHECK(verify_dleq(A, secret, C, in_token));

        PublicKey33 other = SecretKey::generate().public_key();
        CHECK_FALSE(verify_dleq(other, B_, C_, dleq));
        CHECK_FALSE(verify_dleq(A, other, C_, dleq));
        CHECK_FALSE(verify_dleq(A, B_, other, dleq));
        CHECK_FALSE(verify_dleq(A, secret + "0", C, in_token));
        CHECK_FALSE(verify_dleq(A, secret, other, in_token));
        for (Bytes32 Dleq::*number : {&Dleq::e, &Dleq::s}) {
            Dleq changed = dleq;
            (changed.*number)[31] ^= 1;
            CHECK_FALSE(verify_dleq(A, B_, C_, changed));
            (changed.*number).fill(0);
            CHECK_FALSE(verify_dleq(A, B_, C_, changed));
            (changed.*number).fill(0xff);
            CHECK_FALSE(verify_dleq(A, B_, C_, changed));
        }
        in_token.r.fill(0);
        CHECK_FALSE(verify_dleq(A, secret, C, in_token));
    }
}

TEST_CASE("bytes that are no points give nothing") {
    SecretKey a = SecretKey::generate();
    PublicKey33 good = a.public_key(), bad{};
    CHECK(!make_dleq(a, bad, good, good).has_value());
    CHECK(!make_dleq(a, good, bad, good).has_value());
    CHECK(!make_dleq(a, good, good, bad).has_value());
    CHECK(!dleq_challenge(good, good, good, bad).has_value());
    Dleq ones;
    ones.e.fill(1);
    ones.s.fill(1);
    CHECK_FALSE(verify_dleq(bad, good, good, ones));
    CHECK_FALSE(verify_dleq(good, bad, good, ones));
    CHECK_FALSE(verify_dleq(good, good, bad, ones));
}
