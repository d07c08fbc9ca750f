#include "crypto/secp.hpp"

#include "crypto/random.hpp"
#include "hex_field.hpp"

using namespace hp;
using namespace hp::crypto;
using test::hex_array;
using test::hex_field;

namespace {

constexpr const char* kOrder = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
constexpr const char* kGenerator = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";

template <std::size_t N>
ByteArray<N> hex(std::string_view text) {
    return array_from_hex<N>(text).value();
}

SecretKey key_of(std::uint8_t small) {
    Bytes32 bytes{};
    bytes[31] = small;
    return SecretKey::from_bytes(bytes).value();
}

/// n + offset, for an offset in -1..126.
Bytes32 order_plus(int offset) {
    Bytes32 bytes = hex<32>(kOrder);
    bytes[31] = static_cast<std::uint8_t>(bytes[31] + offset);
    return bytes;
}

}  // namespace

TEST_CASE("bip340-schnorr.json") {
    test::for_each_vector(test::read_vectors("bip340-schnorr.json").at("vectors"), [](const test::Json& e) {
        const Bytes message = hex_field(e, "message"), signature = hex_field(e, "signature");
        const Bytes public_key = hex_field(e, "public_key");
        CHECK(schnorr_verify(signature, message, public_key) == e.at("valid").get<bool>());
        if (!e.contains("secret_key")) return;
        const auto key = SecretKey::from_bytes(hex_field(e, "secret_key"));
        REQUIRE(key);
        CHECK(to_hex(key->xonly()) == to_hex(public_key));
        if (message.size() == 32)
            CHECK(to_hex(schnorr_sign(*key, to_array<32>(message), hex_array<32>(e, "aux_rand"))) ==
                  to_hex(signature));
    });
}

TEST_CASE("signatures and keys of the wrong size do not verify") {
    const auto key = SecretKey::generate();
    const Bytes32 message{1};
    const Bytes64 signature = schnorr_sign(key, message, random_array<32>());
    const auto xonly = key.xonly();
    REQUIRE(schnorr_verify(signature, message, xonly));
    CHECK_FALSE(schnorr_verify(ByteView{signature}.first(63), message, xonly));
    CHECK_FALSE(schnorr_verify(signature, message, ByteView{xonly}.first(31)));
    CHECK_FALSE(schnorr_verify({}, message, xonly));
    CHECK_FALSE(schnorr_verify(signature, message, {}));
}

TEST_CASE("a secret key is between 1 and n-1") {
    CHECK_FALSE(SecretKey::from_bytes(Bytes32{}));
    CHECK_FALSE(SecretKey::from_bytes(order_plus(0)));
    CHECK_FALSE(SecretKey::from_bytes(order_plus(1)));
    CHECK_FALSE(SecretKey::from_bytes(Bytes(32, 0xff)));
    CHECK_FALSE(SecretKey::from_bytes(Bytes(31, 1)));
    CHECK_FALSE(SecretKey::from_bytes(Bytes(33, 1)));
    CHECK(SecretKey::from_bytes(order_plus(-1)));
    CHECK(to_hex(key_of(1).public_key()) == kGenerator);
    CHECK(SecretKey::generate().bytes() != SecretKey::generate().bytes());
}

TEST_CASE("a public key is 33 bytes, prefix 02 or 03, on the curve") {
    const auto good = hex<33>(kGenerator);
    CHECK(is_valid_public_key(good));
    auto bad = good;
    for (std::uint8_t prefix : {0x00, 0x01, 0x04, 0x05, 0x06, 0x07, 0xff}) {
        bad[0] = prefix;
        CHECK_FALSE(is_valid_public_key(bad));
    }
    CHECK_FALSE(is_valid_public_key({}));
    CHECK_FALSE(is_valid_public_key(ByteView{good}.first(32)));
    const auto long_form = uncompressed(good);
    REQUIRE(long_form);
    CHECK_FALSE(is_valid_public_key(*long_form));
    auto hybrid = *long_form;
    hybrid[0] = static_cast<std::uint8_t>(6 | (hybrid[64] & 1));
    CHECK_FALSE(is_valid_public_key(hybrid));

    Bytes33 off_curve{2};
    off_curve[32] = 5;  // 5^3 + 7 is not a square mod p
    CHECK_FALSE(is_valid_public_key(off_curve));
    CHECK_FALSE(is_valid_xonly(ByteView{off_curve}.subspan(1)));
    CHECK_FALSE(is_valid_xonly(Bytes(32, 0xff)));  // above p
    CHECK(is_valid_xonly(ByteView{good}.subspan(1)));
    CHECK_FALSE(is_valid_xonly(good));

    CHECK_FALSE(multiply(key_of(2), off_curve));
    CHECK_FALSE(multiply_public(key_of(2).bytes(), off_curve));
    CHECK_FALSE(add(good, off_curve));
    CHECK_FALSE(add(off_curve, good));
    CHECK_FALSE(negate(off_curve));
    CHECK_FALSE(uncompressed(off_curve));
    CHECK_FALSE(ecdh_x(key_of(2), to_array<32>(ByteView{off_curve}.subspan(1))));
}

TEST_CASE("the generator uncompressed") {
    const auto out = uncompressed(hex<33>(kGenerator));
    REQUIRE(out);
    CHECK(to_hex(*out) ==
          "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
          "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8");
}

TEST_CASE("constant-time and variable-time products agree with each other and with addition") {
    const auto generator = hex<33>(kGenerator);
    auto sum = generator;
    for (std::uint8_t k = 2; k < 40; ++k) {
        sum = add(sum, generator).value();
        CHECK(multiply(key_of(k), generator) == sum);
        CHECK(multiply_public(key_of(k).bytes(), generator) == sum);
        CHECK(key_of(k).public_key() == sum);
    }
    const auto a = SecretKey::generate(), b = SecretKey::generate();
    CHECK(multiply(a, b.public_key()) == multiply(b, a.public_key()));
    CHECK(multiply_public(a.bytes(), b.public_key()) == multiply(a, b.public_key()));
    CHECK_FALSE(multiply_public(Bytes32{}, generator));
    CHECK_FALSE(multiply_public(order_plus(0), generator));
}

TEST_CASE("a point and its negation cancel") {
    const auto point = SecretKey::generate().public_key();
    const auto opposite = negate(point);
    REQUIRE(opposite);
    CHECK((*opposite)[0] == (point[0] ^ 1));
    CHECK(std::equal(point.begin() + 1, point.end(), opposite->begin() + 1));
    CHECK_FALSE(add(point, *opposite));
    CHECK(negate(*opposite) == point);
}

TEST_CASE("scalar sums and products mod n") {
    CHECK(scalar_add(key_of(2), key_of(3))->bytes() == key_of(5).bytes());
    CHECK(scalar_multiply(key_of(6), key_of(7))->bytes() == key_of(42).bytes());
    const auto minus_one = SecretKey::from_bytes(order_plus(-1)).value();
    CHECK_FALSE(scalar_add(minus_one, key_of(1)));
    CHECK(scalar_add(minus_one, key_of(3))->bytes() == key_of(2).bytes());
    CHECK(scalar_multiply(minus_one, minus_one)->bytes() == key_of(1).bytes());

    const auto a = SecretKey::generate(), b = SecretKey::generate();
    CHECK(scalar_add(a, b)->public_key() == add(a.public_key(), b.public_key()));
    CHECK(scalar_multiply(a, b)->public_key() == multiply(a, b.public_key()));
}

TEST_CASE("bytes reduced mod n") {
    CHECK_FALSE(scalar_reduce(Bytes32{}));
    CHECK_FALSE(scalar_reduce(order_plus(0)));
    CHECK_FALSE(scalar_reduce(Bytes(31, 1)));
    CHECK(scalar_reduce(order_plus(1))->bytes() == key_of(1).bytes());
    CHECK(scalar_reduce(order_plus(100))->bytes() == key_of(100).bytes());
    CHECK(scalar_reduce(order_plus(-1))->bytes() == order_plus(-1));
    CHECK(scalar_reduce(key_of(9).bytes())->bytes() == key_of(9).bytes());
    // 2^256 - 1 - n
    CHECK(to_hex(scalar_reduce(Bytes(32, 0xff))->bytes()) ==
          "000000000000000000000000000000014551231950b75fc4402da1732fc9bebe");
}

TEST_CASE("the ECDH x is the product's x, whichever y the peer has") {
    for (int i = 0; i < 10; ++i) {
        const auto ours = SecretKey::generate(), theirs = SecretKey::generate();
        const auto x = ecdh_x(ours, theirs.xonly());
        REQUIRE(x);
        CHECK(x == ecdh_x(theirs, ours.xonly()));
        CHECK(to_hex(*x) == to_hex(ByteView{*multiply(ours, theirs.public_key())}.subspan(1)));
    }
}
