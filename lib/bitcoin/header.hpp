// The 80-byte block header.
#pragma once
#include "base/bytes.hpp"

namespace hp::bitcoin {

inline constexpr std::size_t kHeaderSize = 80;
using HeaderBytes = ByteArray<kHeaderSize>;

/// Hashes are in header byte order; numbers are little-endian in the encoded form.
struct BlockHeader {
    std::uint32_t version{};
    Bytes32 prev_hash{};
    Bytes32 merkle_root{};
    std::uint32_t ntime{};
    std::uint32_t nbits{};
    std::uint32_t nonce{};

    HeaderBytes encode() const;
    static BlockHeader decode(const HeaderBytes& bytes);
    /// SHA-256 twice over the encoded form, in header byte order: directly comparable with a Target.
    Bytes32 hash() const;
    friend bool operator==(const BlockHeader&, const BlockHeader&) = default;
};

Bytes32 header_hash(const HeaderBytes& header);

}  // namespace hp::bitcoin
