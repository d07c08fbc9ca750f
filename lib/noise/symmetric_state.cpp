#include "noise/symmetric_state.hpp"

#include "crypto/aead.hpp"
#include "crypto/hmac.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::noise {

SymmetricState::SymmetricState(std::string_view protocol_name) {
    if (protocol_name.size() > hash_.size())
        hash_ = crypto::sha256(as_bytes(protocol_name));
    else
        std::copy(protocol_name.begin(), protocol_name.end(), hash_.begin());
    chaining_key_ = hash_;
}

SymmetricState::~SymmetricState() { crypto::wipe(chaining_key_); }

void SymmetricState::mix_hash(ByteView bytes) { hash_ = crypto::sha256({hash_, bytes}); }

void SymmetricState::mix_key(const Bytes32& secret) {
    auto keys = crypto::hkdf2(chaining_key_, secret);
    chaining_key_ = keys.first;
    cipher_.key = keys.second;
    cipher_.nonce = 0;
    has_key_ = true;
    crypto::wipe(keys.first);
    crypto::wipe(keys.second);
}

void SymmetricState::encrypt_and_hash(std::span<std::uint8_t> out, ByteView plaintext) {
    HP_ASSERT(has_key_);
    const bool sealed = seal(cipher_, out, plaintext, hash_);
    HP_ASSERT(sealed);  // A handshake uses one or two nonces per key.
    mix_hash(ByteView{out}.first(plaintext.size() + crypto::kTagSize));
}

bool SymmetricState::decrypt_and_hash(std::span<std::uint8_t> out, ByteView ciphertext) {
    HP_ASSERT(has_key_);
    // Hash first, because out may alias the ciphertext.
    const Bytes32 next_hash = crypto::sha256({hash_, ciphertext});
    if (!open(cipher_, out, ciphertext, hash_)) return false;
    hash_ = next_hash;
    return true;
}

SymmetricState::Ciphers SymmetricState::split() const {
    auto keys = crypto::hkdf2(chaining_key_, {});
    Ciphers ciphers;
    ciphers.initiator_to_responder.key = keys.first;
    ciphers.responder_to_initiator.key = keys.second;
    crypto::wipe(keys.first);
    crypto::wipe(keys.second);
    return ciphers;
}

}  // namespace hp::noise
