#include "cashu/nut00.hpp"

#include "fixtures.hpp"

using namespace hp;
using namespace hp::cashu;
using namespace hp::cashu::test;

TEST_CASE("NUT-00: hash_to_curve gives the published points") {
    for_each_vector(read_vectors("cashu/nut00_hash_to_curve.json")["vectors"], [](const Json& v) {
        CHECK(to_hex(hash_to_curve(bytes_of(v["message_hex"]))) == v["point"]);
    });
}

TEST_CASE("NUT-00: blinding gives the published B_") {
    for_each_vector(read_vectors("cashu/nut00_blinded_messages.json")["vectors"], [](const Json& v) {
        Bytes x = bytes_of(v["x_hex"]);
        auto B_ = blind(as_text(x), secret_key(v["r"]));
        REQUIRE(B_.has_value());
        CHECK(to_hex(*B_) == v["B_"]);
    });
}

TEST_CASE("NUT-00: blind signing gives the published C_") {
    for_each_vector(read_vectors("cashu/nut00_blind_signatures.json")["vectors"], [](const Json& v) {
        auto C_ = sign_blinded(secret_key(v["mint_private_key"]), point(v["B_"]));
        REQUIRE(C_.has_value());
        CHECK(to_hex(*C_) == v["C_"]);
    });
}

TEST_CASE("what is blinded, signed and unblinded verifies, and nothing else does") {
    for (int round = 0; round < 30; ++round) {
        SecretKey k = SecretKey::generate(), r = SecretKey::generate();
        std::string secret = to_hex(crypto::random_array<32>());
        auto C_ = sign_blinded(k, *blind(secret, r));
        REQUIRE(C_.has_value());
        auto C = unblind(*C_, r, k.public_key());
        REQUIRE(C.has_value());
        CHECK(verify_unblinded(k, y_of(secret), *C));
        CHECK_FALSE(verify_unblinded(SecretKey::generate(), y_of(secret), *C));
        CHECK_FALSE(verify_unblinded(k, y_of(secret + "0"), *C));
        CHECK_FALSE(verify_unblinded(k, y_of(secret), *C_));
        PublicKey33 other_half = *C;
        other_half[0] ^= 1;
        CHECK_FALSE(verify_unblinded(k, y_of(secret), other_half));
    }
}

TEST_CASE("sums are exact up to 2^64 - 1 and refused above") {
    struct Item {
        std::uint64_t amount;
    };
    CHECK(sum_amounts(std::vector<Item>{}) == 0u);
    CHECK(sum_amounts(std::vector<Item>{{UINT64_MAX - 1}, {1}}) == UINT64_MAX);
    CHECK(!sum_amounts(std::vector<Item>{{UINT64_MAX}, {1}}).has_value());
    // 2^63 twice is 0 in 64 bits; 64 times 2^63 too.
    CHECK(!sum_amounts(std::vector<Item>(2, {std::uint64_t{1} << 63})).has_value());
    CHECK(!sum_amounts(std::vector<Item>(64, {std::uint64_t{1} << 63})).has_value());
}

namespace {

const std::string kId = "009a1f293253e41e";
const std::string kPoint = "035015e6d7ade60ba8426cefaf1832bbd27257636e44a76b922d78e79b47cb689d";

Result<BlindedMessage> read_output(const std::string& amount, const std::string& B_ = "\"" + kPoint + "\"") {
    auto json =
        parse_json("{\"amount\":" + amount + ",\"id\":\"" + kId + "\",\"B_\":" + B_ + ",\"witness\":null}");
    if (!json) return fail(json.error());
    return blinded_message_from_json(*json);
}

}  // namespace

TEST_CASE("amounts are unsigned 64-bit integers and nothing is coerced (AC-162)") {
    CHECK(read_output("0")->amount == 0);
    CHECK(read_output("9223372036854775808")->amount == std::uint64_t{1} << 63);
    CHECK(read_output("18446744073709551615")->amount == UINT64_MAX);
    for (const char* bad : {"-1", "1.5", "1.0", "\"8\"", "18446744073709551616", "1e3", "true", "null", "[1]",
                            "01", "0x10", "NaN"}) {
        CAPTURE(bad);
        CHECK(!read_output(bad).has_value());
    }
    CHECK(read_output("\"8\"").error().what == "amount: expected an unsigned integer, got a string");
}

TEST_CASE("points are 33 bytes, compressed and on the curve") {
    CHECK(to_hex(read_output("1")->B_) == kPoint);
    std::string upper = kPoint;
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    CHECK(to_hex(read_output("1", "\"" + upper + "\"")->B_) == kPoint);
    std::string off_curve = "02" + std::string(63, '0') + "5";  // x = 5 has no y
    for (const std::string& bad : {kPoint.substr(2), "04" + kPoint.substr(2), "06" + kPoint.substr(2),
                                   kPoint + "00", "04" + kPoint.substr(2) + kPoint.substr(2),
                                   std::string(66, '0'), std::string(), "zz" + kPoint.substr(2), off_curve}) {
        CAPTURE(bad);
        CHECK(!read_output("1", "\"" + bad + "\"").has_value());
    }
    CHECK(!read_output("1", "7").has_value());
}

TEST_CASE("a secret is the string after unescaping; its own bytes are hashed") {
    auto read = [](const std::string& secret_json) {
        auto json = parse_json("{\"amount\":1,\"id\":\"" + kId + "\",\"C\":\"" + kPoint +
                               "\",\"secret\":" + secret_json + ",\"p2pk_e\":\"x\"}");
        return json ? proof_from_json(*json) : Result<Proof>(fail(json.error()));
    };
    CHECK(read(R"("abc")")->secret == "abc");
    CHECK(read(R"("[\"P2PK\", {}]")")->secret == R"(["P2PK", {}])");
    CHECK(read(R"("\u00e9\ud83d\ude00")")->secret == "\xc3\xa9\xf0\x9f\x98\x80");
    CHECK(read(R"("a\u0000b")")->secret == std::string("a\0b", 3));
    CHECK(read(R"("")")->secret.empty());
    // Lone surrogates have no UTF-8: two wallets would hash two things.
    for (const char* lone : {R"("\ud800")", R"("\ud800x")", R"("\udc00")", R"("a\udfffb")",
                             R"("\ud800\u0041")", R"("\ud800\ud800")"}) {
        CAPTURE(lone);
        CHECK(!read(lone).has_value());
    }
    CHECK(!read("\"\xff\"").has_value());
    CHECK(!read("5").has_value());
}

TEST_CASE("proofs and signatures survive writing and reading; r stays at home unless asked for") {
    Proof proof{1u << 20,      keyset_id(kId),        "se\"cret\n\xc3\xa9",
                point(kPoint), "{\"signatures\":[]}", ProofDleq{}};
    proof.dleq->e[31] = 1;
    proof.dleq->s[31] = 2;
    proof.dleq->r[31] = 3;
    std::string with, without;
    append_json(with, proof, WithDleq::yes);
    append_json(without, proof, WithDleq::no);
    CHECK(proof_from_json(*parse_json(with)) == proof);
    CHECK(without.find("dleq") == std::string::npos);

    std::vector<BlindSignature> signatures{{UINT64_MAX, keyset_id(kId), point(kPoint), Dleq{}},
                                           {1, keyset_id(kId), point(kPoint), std::nullopt}};
    CHECK(signatures_from_json(signatures_json(signatures)) == signatures);
}

TEST_CASE("a list's errors name the item and the field") {
    auto json = parse_json(R"({"outputs":[{"amount":1,"id":"009a1f293253e41e","B_":")" + kPoint +
                           R"("},{"amount":2,"id":"009a"}]})");
    REQUIRE(json.has_value());
    auto outputs = blinded_messages_from_json(*json, "outputs");
    REQUIRE(!outputs.has_value());
    CHECK(outputs.error().what ==
          "outputs[1].id: expected a keyset id of 16 or 66 hex digits, got 4 characters");
}
