#include "noise/handshake.hpp"

#include <doctest/doctest.h>

#include "crypto/random.hpp"
#include "noise/transport.hpp"

using namespace hp;
using namespace hp::noise;

namespace {

constexpr UnixSeconds kNow = 1'700'000'100;

/// Keys and a certificate of bip324-ecdh.json and sv2-noise.json, written out here so that a handshake has
/// one possible transcript.
struct FixedKeys {
    KeyPair initiator;
    KeyPair responder;
    ResponderIdentity identity;
    crypto::XOnlyKey32 authority;
};

KeyPair key_pair(std::string_view secret, std::string_view encoding) {
    return {.secret = crypto::SecretKey::from_bytes(from_hex(secret).value()).value(),
            .encoding = array_from_hex<64>(encoding).value()};
}

FixedKeys fixed_keys() {
    return {
        .initiator = key_pair(
            "61062ea5071d800bbfd59e2e8b53d47d194b095ae5a4df04936b49772ef0d4d7",
            "ec0adff257bbfe500c188c80b4fdd640f6b45a482bbc15fc7cef5931deff0aa186f6eb9bba7b85dc4dcc28b28722de1e"
            "3d9108b985e2967045668f66098e475b"),
        .responder = key_pair(
            "6f312890ec83bbb26798abaadd574684a53e74ccef7953b790fcc29409080246",
            "a8785af31c029efc82fa9fc677d7118031358d7c6a25b5779a9b900e5ccd94aac97eb36a3c5dbcdb2ca5843cc4c2fe0a"
            "aa46d10eb3d233a81c3dde476da00eef"),
        .identity = {.static_key =
                         key_pair("542525d0d0142428371b45d9a2b470cab46d7a7ef8414a520f214538a0555d6e",
                                  "715f8db253b2e81934206f6e0a52e11d26cab8e5e8a5984ab5bb9123867fd3cff0d5a644ca"
                                  "d24589236ee41741bda257"
                                  "a4d0a1c43ce78c96736b8f9463b11622"),
                     .certificate = Certificate::decode(
                         array_from_hex<74>("000000f1536510ff536545ba4d5ad57231c6f56231a72bfd681ed9dec20952f8"
                                            "97af3f576c45c7ce6cc7321c77bf550b"
                                            "e0b699a7aef0d3bdc5b216cc9f5a473e5d92d2cf2604023cf6a8")
                             .value())},
        .authority =
            array_from_hex<32>("51a5aa67a6d87f08ac532827d962a0cec316bdd87a72afdb5c126afd41b101cd").value()};
}

}  // namespace

TEST_CASE("a handshake with fixed keys gives the transcript that an independent implementation gives") {
    // Computed once with a separate implementation of sv2-noise.md in Python (own curve and ElligatorSwift
    // arithmetic, the AEAD of the cryptography package) from the same keys.
    constexpr std::string_view kAct2 =
        "a8785af31c029efc82fa9fc677d7118031358d7c6a25b5779a9b900e5ccd94aac97eb36a3c5dbcdb2ca5843cc4c2fe0a"
        "aa46d10eb3d233a81c3dde476da00eeff507c86285d5d724d9d01fb636663c7aa24a8df886f91ce2cd89fb4655e07214"
        "946245d4e32a5897fbac3916a6e8e015a758287e4d50c86b1c3f7fc17d7c1435f7deab051898407c4dd0856f72dcfe7a"
        "9f1d3482c1423cd9d712347741f62a745c2cf211217dcd0c4f432489c4fb2cb7a964d7cd7a860173c519937007b74dd7"
        "d0a39d43647398a1524efea84e4b11ff3c305600c9ebc1655f5cd40ebf3c74c55c6508a028550504b9ed";
    constexpr std::string_view kHash = "8530b55297eb9d60a2f8f0165e42dda6fd6a464863a83c3ac2fef17be7a42b3a";
    constexpr std::string_view kToResponder =
        "e503cfda15f10a06adc9896ddf210fec2d4e3dd87f3ba8cc4098866eb562cd5c";
    constexpr std::string_view kToInitiator =
        "e615d294c602ad1569cbd7607428b4d5327d22f732c8dc0c84c8915c7b10ff63";

    const auto keys = fixed_keys();
    Initiator initiator{keys.initiator};
    CHECK(initiator.act1() == keys.initiator.encoding);
    const auto answer = respond(initiator.act1(), keys.identity, keys.responder);
    REQUIRE(answer);
    CHECK(to_hex(answer->act2) == kAct2);
    CHECK(to_hex(answer->session.handshake_hash) == kHash);
    CHECK(to_hex(answer->session.send.key) == kToInitiator);
    CHECK(to_hex(answer->session.receive.key) == kToResponder);

    const auto session = initiator.on_act2(answer->act2, keys.authority, kNow);
    REQUIRE(session);
    CHECK(to_hex(session->handshake_hash) == kHash);
    CHECK(to_hex(session->send.key) == kToResponder);
    CHECK(to_hex(session->receive.key) == kToInitiator);
    CHECK(session->send.nonce == 0);
    CHECK(session->receive.nonce == 0);
}

TEST_CASE("sessions with fresh keys carry frames both ways and differ") {
    const auto authority = crypto::SecretKey::generate();
    const auto static_key = KeyPair::generate();
    const ResponderIdentity identity{
        .static_key = static_key,
        .certificate = sign_certificate(authority, static_key.secret.xonly(), 0, 0xffff'ffff, Bytes32{})};
    const Bytes frame{0x00, 0x80, 0x21, 2, 0, 0, 0xaa, 0xbb};
    Bytes32 last_hash{};
    for (int i = 0; i < 5; ++i) {
        Initiator initiator{KeyPair::generate()};
        auto answer = respond(initiator.act1(), identity, KeyPair::generate());
        REQUIRE(answer);
        auto session = initiator.on_act2(answer->act2, authority.xonly(), kNow);
        REQUIRE(session);
        CHECK(session->handshake_hash == answer->session.handshake_hash);
        CHECK(session->handshake_hash != last_hash);
        last_hash = session->handshake_hash;

        for (auto [from, to] : {std::pair{&*session, &answer->session}, {&answer->session, &*session}}) {
            Bytes wire;
            seal_frame(from->send, frame, wire);
            FrameOpener opener{to->receive};
            opener.feed(wire);
            const auto opened = opener.next();
            REQUIRE((opened && *opened));
            CHECK(Bytes((*opened)->begin(), (*opened)->end()) == frame);
            FrameOpener wrong_direction{from->receive};
            wrong_direction.feed(wire);
            CHECK_FALSE(wrong_direction.next());
        }
    }
}

TEST_CASE("AC-006: each of the 1,872 flipped bits of act 2 is refused") {
    const auto keys = fixed_keys();
    Initiator initiator{keys.initiator};
    const auto answer = respond(initiator.act1(), keys.identity, keys.responder);
    REQUIRE(answer);
    static_assert(8 * kAct2Size == 1872);
    for (std::size_t bit = 0; bit < 8 * kAct2Size; ++bit) {
        auto flipped = answer->act2;
        flipped[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
        CAPTURE(bit);
        REQUIRE_FALSE(initiator.on_act2(flipped, keys.authority, kNow));
    }
    CHECK(initiator.on_act2(answer->act2, keys.authority, kNow).has_value());
}

TEST_CASE("act 2 for other ears, by another authority, or at the wrong time is refused") {
    const auto keys = fixed_keys();
    Initiator initiator{keys.initiator}, other{KeyPair::generate()};
    const auto answer = respond(initiator.act1(), keys.identity, keys.responder);
    REQUIRE(answer);
    CHECK_FALSE(other.on_act2(answer->act2, keys.authority, kNow));
    CHECK_FALSE(initiator.on_act2(answer->act2, crypto::SecretKey::generate().xonly(), kNow));
    const auto late = initiator.on_act2(answer->act2, keys.authority, kNow + 1'000'000);
    REQUIRE_FALSE(late);
    CHECK(late.error().hint.find("clock") != std::string::npos);
}

TEST_CASE("a certificate over another static key is refused") {
    auto keys = fixed_keys();
    keys.identity.static_key = KeyPair::generate();
    Initiator initiator{keys.initiator};
    const auto answer = respond(initiator.act1(), keys.identity, keys.responder);
    REQUIRE(answer);
    CHECK_FALSE(initiator.on_act2(answer->act2, keys.authority, kNow));
}

TEST_CASE("acts of the wrong size are refused with both sizes") {
    const auto keys = fixed_keys();
    Initiator initiator{keys.initiator};
    for (std::size_t size : {0, 63, 65, 234}) {
        const auto answer = respond(Bytes(size), keys.identity, keys.responder);
        REQUIRE_FALSE(answer);
        CHECK(answer.error().what == "noise act 1 has " + std::to_string(size) + " bytes, expected 64");
    }
    for (std::size_t size : {0, 64, 170, 233, 235}) {
        const auto session = initiator.on_act2(Bytes(size), keys.authority, kNow);
        REQUIRE_FALSE(session);
        CHECK(session.error().what == "noise act 2 has " + std::to_string(size) + " bytes, expected 234");
    }
}

TEST_CASE("a responder answers any 64 bytes") {
    const auto keys = fixed_keys();
    CHECK(respond(Bytes(64, 0x00), keys.identity, keys.responder).has_value());
    CHECK(respond(Bytes(64, 0xff), keys.identity, keys.responder).has_value());
    for (int i = 0; i < 20; ++i)
        CHECK(respond(crypto::random_array<64>(), keys.identity, keys.responder).has_value());
}

TEST_CASE("the same secret and entropy give the same key pair") {
    const auto secret = crypto::SecretKey::generate();
    const auto entropy = crypto::random_array<32>();
    CHECK(KeyPair::from(secret, entropy).encoding == KeyPair::from(secret, entropy).encoding);
    CHECK(crypto::ellswift_decode(KeyPair::from(secret, entropy).encoding) == secret.xonly());
}
