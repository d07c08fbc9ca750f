// Noise's SymmetricState: the chaining key, the hash of the transcript, and the current key. It is
// independent of the curve, so that the published Noise vectors can drive it with given DH results.
#pragma once
#include <string_view>

#include "noise/cipher_state.hpp"

namespace hp::noise {

class SymmetricState {
  public:
    /// A name of more than 32 bytes is hashed, a shorter one padded with zeros (Noise 5.2). No prologue yet.
    explicit SymmetricState(std::string_view protocol_name);
    SymmetricState(const SymmetricState&) = delete;
    SymmetricState& operator=(const SymmetricState&) = delete;
    ~SymmetricState();

    /// h = SHA256(h || bytes). SV2 mixes the empty prologue and act 1's empty payload too.
    void mix_hash(ByteView bytes);
    /// (ck, k) = HKDF2(ck, secret), and the counter starts again at 0.
    void mix_key(const Bytes32& secret);
    /// Seals with h as associated data, then mixes in the ciphertext. Needs a key; out must have room for 16
    /// more bytes than plaintext.
    void encrypt_and_hash(std::span<std::uint8_t> out, ByteView plaintext);
    /// The reverse. False: the tag is wrong, and h is unchanged.
    [[nodiscard]] bool decrypt_and_hash(std::span<std::uint8_t> out, ByteView ciphertext);

    struct Ciphers {
        CipherState initiator_to_responder;
        CipherState responder_to_initiator;
    };
    Ciphers split() const;
    /// h: after the last message, the same on both sides and unique to the session.
    const Bytes32& handshake_hash() const { return hash_; }

  private:
    Bytes32 hash_{};
    Bytes32 chaining_key_;
    CipherState cipher_;
    bool has_key_{false};
};

}  // namespace hp::noise
