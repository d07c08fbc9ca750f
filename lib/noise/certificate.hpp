// SIGNATURE_NOISE_MESSAGE: the authority's certificate over a responder's static key. SV2 spec 4.5.
#pragma once
#include <cstdint>

#include "base/clock.hpp"
#include "crypto/secp.hpp"

namespace hp::noise {

/// 74 bytes on the wire: version U16, valid_from U32, not_valid_after U32, signature 64; little-endian.
struct Certificate {
    std::uint16_t version{};
    std::uint32_t valid_from{};       ///< unix seconds, inclusive
    std::uint32_t not_valid_after{};  ///< unix seconds, inclusive
    Bytes64 signature{};

    static constexpr std::size_t kSize = 74;
    ByteArray<kSize> encode() const;
    static Certificate decode(const ByteArray<kSize>& bytes);
};

/// SHA256(version || valid_from || not_valid_after || x-only static key).
Bytes32 certificate_digest(const Certificate& certificate, const crypto::XOnlyKey32& static_key);
Certificate sign_certificate(const crypto::SecretKey& authority, const crypto::XOnlyKey32& static_key,
                             std::uint32_t valid_from, std::uint32_t not_valid_after,
                             const Bytes32& aux_rand);

/// Leeway for differing clocks, each way.
inline constexpr UnixSeconds kCertificateLeewaySeconds = 10;
/// Version 0, window with leeway, signature. The error names the window and says to check the clock.
Result<> check_certificate(const Certificate& certificate, const crypto::XOnlyKey32& static_key,
                           const crypto::XOnlyKey32& authority, UnixSeconds now);

}  // namespace hp::noise
