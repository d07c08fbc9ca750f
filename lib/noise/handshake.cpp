#include "noise/handshake.hpp"

#include "crypto/random.hpp"
#include "noise/symmetric_state.hpp"

namespace hp::noise {
namespace {

constexpr std::string_view kProtocolName = "Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256";
constexpr std::size_t kKeySize = 64;
constexpr std::size_t kSealedKeySize = kKeySize + 16;
constexpr std::size_t kSealedCertificateSize = Certificate::kSize + 16;
static_assert(kAct1Size == kKeySize);
static_assert(kAct2Size == kKeySize + kSealedKeySize + kSealedCertificateSize);

/// The state after act 1 and the responder's clear ephemeral key.
void mix_ephemerals(SymmetricState& state, ByteView initiator, ByteView responder) {
    state.mix_hash({});  // the empty prologue
    state.mix_hash(initiator);
    state.mix_hash({});  // act 1's empty payload: no key yet, so it is only hashed
    state.mix_hash(responder);
}

/// False only if the peer's x were not on the curve, but every encoding decodes to one that is.
[[nodiscard]] bool mix_ecdh(SymmetricState& state, const KeyPair& ours, const crypto::EllSwift64& theirs,
                            const Bytes32& their_x, bool we_initiate) {
    auto secret = crypto::ellswift_ecdh(ours.secret, ours.encoding, theirs, their_x, we_initiate);
    if (!secret) return false;
    state.mix_key(*secret);
    crypto::wipe(*secret);
    return true;
}

tl::unexpected<Error> wrong_size(const char* act, std::size_t got, std::size_t expected) {
    return fail(Errc::protocol, std::string("noise ") + act + " has " + std::to_string(got) +
                                    " bytes, expected " + std::to_string(expected));
}

tl::unexpected<Error> no_shared_secret() {
    return fail(Errc::protocol, "noise handshake: no shared secret with the peer's key");
}

}  // namespace

KeyPair KeyPair::generate() { return from(crypto::SecretKey::generate(), crypto::random_array<32>()); }

KeyPair KeyPair::from(crypto::SecretKey secret, const Bytes32& entropy) {
    const auto encoding = crypto::ellswift_encode(secret.xonly(), entropy);
    return {.secret = secret, .encoding = encoding};
}

Initiator::Initiator(KeyPair ephemeral) : ephemeral_{ephemeral} {}

crypto::EllSwift64 Initiator::act1() const { return ephemeral_.encoding; }

Result<TransportKeys> Initiator::on_act2(ByteView act2, const crypto::XOnlyKey32& authority,
                                         UnixSeconds now) {
    if (act2.size() != kAct2Size) return wrong_size("act 2", act2.size(), kAct2Size);
    const auto their_ephemeral = to_array<kKeySize>(act2.first(kKeySize));
    const ByteView sealed_static = act2.subspan(kKeySize, kSealedKeySize);
    const ByteView sealed_certificate = act2.last(kSealedCertificateSize);

    SymmetricState state{kProtocolName};
    mix_ephemerals(state, ephemeral_.encoding, their_ephemeral);
    if (!mix_ecdh(state, ephemeral_, their_ephemeral, crypto::ellswift_decode(their_ephemeral), true))
        return no_shared_secret();

    crypto::EllSwift64 their_static;
    if (!state.decrypt_and_hash(their_static, sealed_static))
        return fail(Errc::protocol, "noise act 2: the static key's tag is wrong");
    const crypto::XOnlyKey32 static_x = crypto::ellswift_decode(their_static);
    if (!mix_ecdh(state, ephemeral_, their_static, static_x, true)) return no_shared_secret();

    ByteArray<Certificate::kSize> certificate;
    if (!state.decrypt_and_hash(certificate, sealed_certificate))
        return fail(Errc::protocol, "noise act 2: the certificate's tag is wrong");
    HP_DO(check_certificate(Certificate::decode(certificate), static_x, authority, now));

    const auto ciphers = state.split();
    return TransportKeys{.send = ciphers.initiator_to_responder,
                         .receive = ciphers.responder_to_initiator,
                         .handshake_hash = state.handshake_hash()};
}

Result<ResponderResult> respond(ByteView act1, const ResponderIdentity& identity, KeyPair ephemeral) {
    if (act1.size() != kAct1Size) return wrong_size("act 1", act1.size(), kAct1Size);
    const auto their_ephemeral = to_array<kKeySize>(act1);
    const Bytes32 their_x = crypto::ellswift_decode(their_ephemeral);

    ByteArray<kAct2Size> act2;
    const std::span<std::uint8_t> out{act2};
    std::copy(ephemeral.encoding.begin(), ephemeral.encoding.end(), act2.begin());

    SymmetricState state{kProtocolName};
    mix_ephemerals(state, their_ephemeral, ephemeral.encoding);
    if (!mix_ecdh(state, ephemeral, their_ephemeral, their_x, false)) return no_shared_secret();
    state.encrypt_and_hash(out.subspan(kKeySize, kSealedKeySize), identity.static_key.encoding);
    if (!mix_ecdh(state, identity.static_key, their_ephemeral, their_x, false)) return no_shared_secret();
    state.encrypt_and_hash(out.last(kSealedCertificateSize), identity.certificate.encode());

    const auto ciphers = state.split();
    return ResponderResult{.session = {.send = ciphers.responder_to_initiator,
                                       .receive = ciphers.initiator_to_responder,
                                       .handshake_hash = state.handshake_hash()},
                           .act2 = act2};
}

}  // namespace hp::noise
