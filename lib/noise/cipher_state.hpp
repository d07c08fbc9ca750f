// One direction's key and message counter, as Noise's CipherState. The 12-byte nonce is 4 zero bytes and the
// counter, U64 little-endian; SV2 never rekeys.
#pragma once
#include <cstdint>

#include "base/bytes.hpp"

namespace hp::noise {

struct CipherState {
    Bytes32 key{};
    std::uint64_t nonce{0};  ///< of the next message
    ~CipherState();          ///< wipes the key
};

/// out must have room for plaintext.size() + 16 bytes and may be the same memory. False: the counter is used
/// up (2^64-1 is reserved) and nothing was written.
[[nodiscard]] bool seal(CipherState& cipher, std::span<std::uint8_t> out, ByteView plaintext,
                        ByteView ad = {});
/// out must have room for ciphertext.size() - 16 bytes and may be the same memory. False: the tag is wrong or
/// the counter is used up; the counter has not moved.
[[nodiscard]] bool open(CipherState& cipher, std::span<std::uint8_t> out, ByteView ciphertext,
                        ByteView ad = {});

}  // namespace hp::noise
