#include "bitcoin/header.hpp"

#include "crypto/sha256.hpp"

namespace hp::bitcoin {

HeaderBytes BlockHeader::encode() const {
    HeaderBytes out;
    put_le(out.data(), version);
    std::ranges::copy(prev_hash, out.begin() + 4);
    std::ranges::copy(merkle_root, out.begin() + 36);
    put_le(out.data() + 68, ntime);
    put_le(out.data() + 72, nbits);
    put_le(out.data() + 76, nonce);
    return out;
}

BlockHeader BlockHeader::decode(const HeaderBytes& bytes) {
    BlockHeader out;
    out.version = get_le<std::uint32_t>(bytes.data());
    std::copy_n(bytes.begin() + 4, 32, out.prev_hash.begin());
    std::copy_n(bytes.begin() + 36, 32, out.merkle_root.begin());
    out.ntime = get_le<std::uint32_t>(bytes.data() + 68);
    out.nbits = get_le<std::uint32_t>(bytes.data() + 72);
    out.nonce = get_le<std::uint32_t>(bytes.data() + 76);
    return out;
}

Bytes32 BlockHeader::hash() const { return header_hash(encode()); }

Bytes32 header_hash(const HeaderBytes& header) { return crypto::sha256d(header); }

}  // namespace hp::bitcoin
