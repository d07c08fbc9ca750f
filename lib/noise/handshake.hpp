// Noise NX over secp256k1 with ElligatorSwift, as in SV2 spec chapter 4 and every real peer: act 1 is 64
// bytes, act 2 is 234 bytes, there is no act 3. Bytes in, bytes out; randomness and time are arguments.
#pragma once
#include "base/clock.hpp"
#include "crypto/ellswift.hpp"
#include "crypto/secp.hpp"
#include "noise/certificate.hpp"
#include "noise/cipher_state.hpp"

namespace hp::noise {

inline constexpr std::size_t kAct1Size = 64;
inline constexpr std::size_t kAct2Size = 234;

/// A key with its exact 64-byte encoding on the wire (encodings are not unique; the ECDH hashes them).
struct KeyPair {
    crypto::SecretKey secret;
    crypto::EllSwift64 encoding;
    static KeyPair generate();
    static KeyPair from(crypto::SecretKey secret, const Bytes32& entropy);
};

/// The state of both sides after act 2.
struct TransportKeys {
    CipherState send;
    CipherState receive;
    Bytes32 handshake_hash{};  ///< h after act 2, before Split: the link's channel binding
};

/// The responder's long-lived identity. One certificate serves many connections.
struct ResponderIdentity {
    KeyPair static_key;
    Certificate certificate;
};

class Initiator {
  public:
    explicit Initiator(KeyPair ephemeral);
    /// The 64 bytes of act 1.
    crypto::EllSwift64 act1() const;
    /// Checks act 2 and the certificate against the authority key. Any fault is an error, before anything
    /// else is sent.
    Result<TransportKeys> on_act2(ByteView act2, const crypto::XOnlyKey32& authority, UnixSeconds now);

  private:
    KeyPair ephemeral_;
};

struct ResponderResult {
    TransportKeys session;
    ByteArray<kAct2Size> act2;
};
/// Act 1 in, act 2 and the session out. Never fails on the content: any 64 bytes are a key.
Result<ResponderResult> respond(ByteView act1, const ResponderIdentity& identity, KeyPair ephemeral);

}  // namespace hp::noise
