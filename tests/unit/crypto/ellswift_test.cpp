#include "crypto/ellswift.hpp"

#include <openssl/bn.h>

#include <set>

#include "crypto/jacobi.hpp"
#include "crypto/random.hpp"
#include "hex_field.hpp"

using namespace hp;
using namespace hp::crypto;
using test::hex_array;

TEST_CASE("bip324-ellswift-decode.json") {
    test::for_each_vector(test::read_vectors("bip324-ellswift-decode.json").at("vectors"),
                          [](const test::Json& e) {
                              CHECK(ellswift_decode(hex_array<64>(e, "ellswift")) == hex_array<32>(e, "x"));
                          });
}

TEST_CASE("bip324-xswiftec-inv.json") {
    test::for_each_vector(test::read_vectors("bip324-xswiftec-inv.json").at("vectors"),
                          [](const test::Json& entry) {
                              const auto x = hex_array<32>(entry, "x"), u = hex_array<32>(entry, "u");
                              const auto& by_case = entry.at("t_by_case");
                              REQUIRE(by_case.size() == 8);
                              for (int which = 0; which < 8; ++which) {
                                  CAPTURE(which);
                                  const auto t = xswiftec_inv(x, u, which);
                                  const auto& expected = by_case[static_cast<std::size_t>(which)];
                                  REQUIRE(t.has_value() == !expected.is_null());
                                  if (!t) continue;
                                  CHECK(to_hex(*t) == expected.get<std::string>());
                                  EllSwift64 encoded;
                                  std::copy(u.begin(), u.end(), encoded.begin());
                                  std::copy(t->begin(), t->end(), encoded.begin() + 32);
                                  CHECK(ellswift_decode(encoded) == x);
                              }
                          });
}

TEST_CASE("bip324-ecdh.json") {
    test::for_each_vector(test::read_vectors("bip324-ecdh.json").at("vectors"), [](const test::Json& e) {
        const auto ours = SecretKey::from_bytes(test::hex_field(e, "priv_ours"));
        REQUIRE(ours);
        const auto our_encoding = hex_array<64>(e, "ellswift_ours");
        const auto their_encoding = hex_array<64>(e, "ellswift_theirs");
        CHECK(ours->xonly() == hex_array<32>(e, "x_ours"));
        CHECK(ellswift_decode(our_encoding) == hex_array<32>(e, "x_ours"));
        CHECK(ellswift_decode(their_encoding) == hex_array<32>(e, "x_theirs"));
        CHECK(ecdh_x(*ours, hex_array<32>(e, "x_theirs")) == hex_array<32>(e, "x_shared"));
        const bool initiating = e.at("initiating").get<bool>();
        CHECK(ellswift_ecdh(*ours, our_encoding, their_encoding, initiating) ==
              hex_array<32>(e, "shared_secret"));
        CHECK(ellswift_ecdh(*ours, our_encoding, their_encoding, !initiating) !=
              hex_array<32>(e, "shared_secret"));
    });
}

TEST_CASE("an encoding decodes to the key's x; entropy alone chooses it") {
    for (int i = 0; i < 200; ++i) {
        const auto x = SecretKey::generate().xonly();
        const auto entropy = random_array<32>();
        const auto encoded = ellswift_encode(x, entropy);
        REQUIRE(ellswift_decode(encoded) == x);
        REQUIRE(ellswift_encode(x, entropy) == encoded);
        REQUIRE(ellswift_encode(x, random_array<32>()) != encoded);
    }
}

TEST_CASE("both sides find the same secret from each other's encodings") {
    for (int i = 0; i < 20; ++i) {
        const auto a = SecretKey::generate(), b = SecretKey::generate();
        const auto a_encoding = ellswift_encode(a.xonly(), random_array<32>());
        const auto b_encoding = ellswift_encode(b.xonly(), random_array<32>());
        const auto secret = ellswift_ecdh(a, a_encoding, b_encoding, true);
        REQUIRE(secret);
        CHECK(secret == ellswift_ecdh(b, b_encoding, a_encoding, false));
        CHECK(secret != ellswift_ecdh(b, b_encoding, a_encoding, true));
    }
}

TEST_CASE("any 64 bytes decode to an x on the curve") {
    for (int i = 0; i < 300; ++i) REQUIRE(is_valid_xonly(ellswift_decode(random_array<64>())));
    // Every mix of 0, p-1, p, p+1 and 2^256-1 for u and t.
    std::set<std::string> halves{std::string(64, '0'), std::string(64, 'f')};
    for (const char* end : {"2e", "2f", "30"})
        halves.insert("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc" + std::string(end));
    for (const auto& u : halves)
        for (const auto& t : halves) {
            CAPTURE(u + t);
            REQUIRE(is_valid_xonly(ellswift_decode(array_from_hex<64>(u + t).value())));
        }
}

TEST_CASE("an x on no point has no inverse") {
    Bytes32 x{};
    x[31] = 5;
    REQUIRE_FALSE(is_valid_xonly(x));
    for (int which = 0; which < 8; ++which)
        for (int i = 0; i < 5; ++i) CHECK_FALSE(xswiftec_inv(x, random_array<32>(), which));
}

TEST_CASE("the Jacobi symbol equals OpenSSL's Kronecker symbol") {
    BN_CTX* context = BN_CTX_new();
    BIGNUM *a = BN_new(), *n = BN_new();
    const auto same = [&](const Bytes32& a_le, const Bytes32& n_le) {
        BN_lebin2bn(a_le.data(), 32, a);
        BN_lebin2bn(n_le.data(), 32, n);
        CAPTURE(to_hex_reversed(a_le));
        CAPTURE(to_hex_reversed(n_le));
        REQUIRE(jacobi(a_le, n_le) == BN_kronecker(a, n, context));
    };
    const auto below = [](Bytes32 number_le, const Bytes32& limit_le) {
        // Clearing top bytes is enough to come below a limit with a full top byte.
        if (to_hex_reversed(number_le) >= to_hex_reversed(limit_le)) number_le[31] = 0;
        return number_le;
    };
    Bytes32 p =
        array_from_hex<32>("2ffcfffffeffffffffffffffffffffffffffffffffffffffffffffffffffffff").value();
    for (int i = 0; i < 3000; ++i) {
        Bytes32 n_le = i % 2 ? p : random_array<32>();
        n_le[0] |= 1;
        n_le[31] |= 0x80;
        Bytes32 a_le = below(random_array<32>(), n_le);
        // Runs of zero and one bytes reach the carries and shifts that random numbers do not.
        const auto shape = random_array<3>();
        if (i % 3) std::fill_n(a_le.begin() + shape[0] % 16, shape[1] % 16, shape[2] & 1 ? 0xff : 0x00);
        same(below(a_le, n_le), n_le);
    }
    for (unsigned small = 0; small < 64; ++small) {
        Bytes32 low{}, high{};
        low[0] = static_cast<std::uint8_t>(small);
        same(low, p);
        for (unsigned odd = small | 1; odd < 64; odd += 2) {
            high[0] = static_cast<std::uint8_t>(odd);
            if (small < odd) same(low, high);
        }
        Bytes32 power{};
        power[small % 32] = static_cast<std::uint8_t>(1 << (small / 8));
        same(power, p);
    }
    BN_free(a);
    BN_free(n);
    BN_CTX_free(context);
}
