// One direction's key and message counter, Noise's CipherState. The 12-byte nonce is 4 zero bytes and the
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

/// out must have room for plaintext.size() + 16 bytes and may alias it. False: the counter is exhausted
/// (2^64-1 is reserved) and nothing was written.
[[nodiscard]] bool seal(CipherState& cipher, std::span<std::uint8_t> out, ByteView plaintext,
                        ByteView ad = {});
/// out must have room for ciphertext.size() - 16 bytes and may alias it. False: the tag is wrong or the
/// counter is exhausted; the counter is unchanged.
[[nodiscard]] bool open(CipherState& cipher, std::span<std::uint8_t> out, ByteView ciphertext,
                        ByteView ad = {});

}  // namespace hp::noise
