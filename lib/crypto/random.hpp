// The system's randomness (getrandom through libsodium). There is no fallback to another source.
#pragma once
#include "base/bytes.hpp"

namespace hp::crypto {

void random_bytes(std::span<std::uint8_t> out);
template <std::size_t N>
ByteArray<N> random_array() {
    ByteArray<N> out;
    random_bytes(out);
    return out;
}
/// For jitter and the like.
inline std::uint32_t random_u32() { return get_le<std::uint32_t>(random_array<4>().data()); }
/// Overwrites memory in a way that the compiler does not optimize away.
void wipe(std::span<std::uint8_t> secret);

}  // namespace hp::crypto
