#include "noise/certificate.hpp"

#include "crypto/ellswift.hpp"
#include "crypto/hex_field.hpp"
#include "crypto/random.hpp"

using namespace hp;
using namespace hp::noise;
using test::hex_array;
using test::hex_field;

namespace {

constexpr std::uint32_t kFrom = 1'700'000'000, kTo = 1'700'003'600;

/// An authority whose full public key has the wanted parity of Y.
crypto::SecretKey authority_with(bool odd_y) {
    for (;;) {
        auto key = crypto::SecretKey::generate();
        if ((key.public_key()[0] == 3) == odd_y) return key;
    }
}

bool mentions(const Result<>& result, std::string_view words) {
    return !result && (result.error().what + " | " + result.error().hint).find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("sv2-noise.json: certificates") {
    const auto file = test::read_vectors("sv2-noise.json").at("certificates");
    const auto authority = crypto::SecretKey::from_bytes(hex_field(file, "authority_secret")).value();
    const auto authority_xonly = hex_array<32>(file, "authority_xonly");
    CHECK(authority.xonly() == authority_xonly);
    const auto static_key = crypto::SecretKey::from_bytes(hex_field(file, "static_secret")).value();
    const auto aux_rand = hex_array<32>(file, "aux_rand");

    test::for_each_vector(file.at("vectors"), [&](const test::Json& entry) {
        const auto static_x = hex_array<32>(entry, "static_key_xonly");
        CHECK(static_key.xonly() == static_x);
        CHECK(crypto::ellswift_decode(hex_array<64>(entry, "static_key_ellswift")) == static_x);

        const auto bytes = hex_array<74>(entry, "signature_noise_message");
        const auto certificate = Certificate::decode(bytes);
        CHECK(certificate.version == entry.at("version").get<std::uint16_t>());
        CHECK(certificate.valid_from == entry.at("valid_from").get<std::uint32_t>());
        CHECK(certificate.not_valid_after == entry.at("not_valid_after").get<std::uint32_t>());
        CHECK(certificate.encode() == bytes);
        CHECK(certificate_digest(certificate, static_x) == hex_array<32>(entry, "sha256_m"));
        CHECK(
            crypto::schnorr_verify(certificate.signature, hex_array<32>(entry, "sha256_m"), authority_xonly));

        const UnixSeconds now = certificate.valid_from;
        if (certificate.version != 0) {
            CHECK(mentions(check_certificate(certificate, static_x, authority_xonly, now),
                           "version " + std::to_string(certificate.version) + ", expected 0"));
            return;
        }
        CHECK(check_certificate(certificate, static_x, authority_xonly, now).has_value());
        CHECK(sign_certificate(authority, static_x, certificate.valid_from, certificate.not_valid_after,
                               aux_rand)
                  .encode() == bytes);
    });
}

TEST_CASE("AC-024: the window has 10 s of leeway each way, and the error speaks of window and clock") {
    for (bool odd_y : {false, true}) {
        CAPTURE(odd_y);
        const auto authority = authority_with(odd_y);
        const auto static_x = crypto::SecretKey::generate().xonly();
        const auto certificate =
            sign_certificate(authority, static_x, kFrom, kTo, crypto::random_array<32>());
        const auto at = [&](UnixSeconds now) {
            return check_certificate(certificate, static_x, authority.xonly(), now);
        };
        for (UnixSeconds now : {kFrom - 10, kFrom - 9, kFrom, kFrom + 1, kTo - 1, kTo, kTo + 9, kTo + 10})
            CHECK(at(now).has_value());
        for (UnixSeconds now : {UnixSeconds{0}, UnixSeconds{kFrom - 11}, UnixSeconds{kTo + 11},
                                UnixSeconds{0xffff'ffff}, UnixSeconds{0x1'0000'0000} + kFrom}) {
            const auto refused = at(now);
            CHECK(mentions(refused, "valid from 1700000000 to 1700003600"));
            CHECK(mentions(refused, "clock says " + std::to_string(now)));
            CHECK(mentions(refused, "check the clock"));
        }
    }
}

TEST_CASE("AC-024: windows at the ends of U32 do not wrap") {
    const auto authority = crypto::SecretKey::generate();
    const auto static_x = crypto::SecretKey::generate().xonly();
    const auto always = sign_certificate(authority, static_x, 0, 0xffff'ffff, Bytes32{});
    for (UnixSeconds now : {UnixSeconds{0}, UnixSeconds{kFrom}, UnixSeconds{0xffff'ffff} + 10})
        CHECK(check_certificate(always, static_x, authority.xonly(), now).has_value());
    CHECK_FALSE(check_certificate(always, static_x, authority.xonly(), UnixSeconds{0xffff'ffff} + 11));
    const auto epoch = sign_certificate(authority, static_x, 5, 5, Bytes32{});
    CHECK(check_certificate(epoch, static_x, authority.xonly(), 0).has_value());
    CHECK_FALSE(check_certificate(epoch, static_x, authority.xonly(), 16));
}

TEST_CASE("AC-024: a window that ends before it begins, another signer, another static key") {
    const auto authority = crypto::SecretKey::generate(), other = crypto::SecretKey::generate();
    const auto static_x = crypto::SecretKey::generate().xonly();
    const auto backwards = sign_certificate(authority, static_x, kFrom + 1, kFrom, Bytes32{});
    CHECK(mentions(check_certificate(backwards, static_x, authority.xonly(), kFrom), "which is empty"));
    const auto good = sign_certificate(authority, static_x, kFrom, kTo, Bytes32{});
    CHECK(check_certificate(good, static_x, authority.xonly(), kFrom).has_value());
    CHECK(mentions(check_certificate(good, static_x, other.xonly(), kFrom), "not signed by"));
    CHECK(mentions(check_certificate(good, other.xonly(), authority.xonly(), kFrom), "not signed by"));
}

TEST_CASE("AC-024: any flipped bit of a certificate refuses it") {
    const auto authority = crypto::SecretKey::generate();
    const auto static_x = crypto::SecretKey::generate().xonly();
    const auto bytes = sign_certificate(authority, static_x, kFrom, kTo, Bytes32{}).encode();
    for (std::size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        auto flipped = bytes;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        CAPTURE(bit);
        REQUIRE_FALSE(
            check_certificate(Certificate::decode(flipped), static_x, authority.xonly(), kFrom + 1));
    }
}
