// Byte strings and hex. Hex that we print is lower case; hex that we read may be either.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace hp {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;
template <std::size_t N>
using ByteArray = std::array<std::uint8_t, N>;
/// A hash or a 256-bit number as its 32 bytes on the wire. For SV2 and block headers this is little-endian
/// (header byte order), the reverse of the usual displayed form.
using Bytes32 = ByteArray<32>;
using Bytes33 = ByteArray<33>;
using Bytes64 = ByteArray<64>;

std::string to_hex(ByteView bytes);
/// The displayed form of a hash: bytes reversed, then hex.
std::string to_hex_reversed(ByteView bytes);
/// Even number of hex digits, nothing else; empty gives empty.
Result<Bytes> from_hex(std::string_view hex);
/// Exactly `out.size()` bytes of hex.
Result<> from_hex_into(std::string_view hex, std::span<std::uint8_t> out);
template <std::size_t N>
Result<ByteArray<N>> array_from_hex(std::string_view hex) {
    ByteArray<N> out;
    HP_DO(from_hex_into(hex, out));
    return out;
}

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }
template <std::size_t N>
ByteArray<N> to_array(ByteView bytes) {
    HP_ASSERT(bytes.size() == N);
    ByteArray<N> out;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
}
/// Untrusted text for a log line or a terminal: control characters, quotes and non-ASCII escaped, cut at
/// `limit`.
std::string printable(std::string_view untrusted, std::size_t limit = 128);

template <class UInt>
void put_le(std::uint8_t* at, UInt value) {
    for (std::size_t i = 0; i < sizeof(UInt); ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
template <class UInt>
UInt get_le(const std::uint8_t* at) {
    UInt value = 0;
    for (std::size_t i = 0; i < sizeof(UInt); ++i)
        value = static_cast<UInt>(value | (static_cast<UInt>(at[i]) << (8 * i)));
    return value;
}
template <class UInt>
void put_be(std::uint8_t* at, UInt value) {
    for (std::size_t i = 0; i < sizeof(UInt); ++i)
        at[i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(UInt) - 1 - i)));
}
template <class UInt>
UInt get_be(const std::uint8_t* at) {
    UInt value = 0;
    for (std::size_t i = 0; i < sizeof(UInt); ++i) value = static_cast<UInt>((value << 8) | at[i]);
    return value;
}

}  // namespace hp
