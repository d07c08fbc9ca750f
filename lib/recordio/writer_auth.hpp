// A writer of records authenticates by signing the handshake hash. Internal to this room.
#pragma once
#include "crypto/random.hpp"
#include "crypto/secp.hpp"
#include "crypto/sha256.hpp"
#include "sv2/records.hpp"

namespace hp::recordio {

inline Bytes32 writer_auth_message(const Bytes32& handshake_hash, std::uint8_t version) {
    return crypto::tagged_hash("hashpool/writer-auth/v1", {handshake_hash, ByteView(&version, 1)});
}
inline sv2::records::WriterAuth sign_writer_auth(const crypto::SecretKey& key,
                                                 const Bytes32& handshake_hash) {
    sv2::records::WriterAuth out;
    out.version = sv2::records::kVersion;
    out.writer_key.bytes = key.xonly();
    out.signature.bytes = crypto::schnorr_sign(key, writer_auth_message(handshake_hash, out.version),
                                               crypto::random_array<32>());
    return out;
}
inline bool is_right(const sv2::records::WriterAuth& auth, const Bytes32& handshake_hash) {
    return auth.version == sv2::records::kVersion &&
           crypto::schnorr_verify(auth.signature.bytes, writer_auth_message(handshake_hash, auth.version),
                                  auth.writer_key.bytes);
}

}  // namespace hp::recordio
