// SV2 data types: the C++ type is the wire type, so a message's field list needs only names. Spec 3.1.
#pragma once
#include <bit>
#include <optional>

#include "base/bytes.hpp"

namespace hp::wire {

/// Byte string with a length prefix of LenBytes (little-endian), at most Max bytes.
template <std::size_t LenBytes, std::size_t Max>
struct Blob {
    Bytes value;
    friend bool operator==(const Blob&, const Blob&) = default;
};
using B0_255 = Blob<1, 255>;
using B0_64K = Blob<2, 65535>;
using B0_16M = Blob<3, 0xff'ffff>;

/// At most 32 bytes, kept inline: extranonces are on the share path, which allocates nothing.
struct B0_32 {
    std::uint8_t size{0};
    ByteArray<32> bytes{};
    ByteView view() const { return {bytes.data(), size}; }
    /// REQUIRES: view.size() <= 32
    static B0_32 from(ByteView view) {
        HP_ASSERT(view.size() <= 32);
        B0_32 out;
        out.size = static_cast<std::uint8_t>(view.size());
        std::copy(view.begin(), view.end(), out.bytes.begin());
        return out;
    }
    friend bool operator==(const B0_32& a, const B0_32& b) { return std::ranges::equal(a.view(), b.view()); }
};

/// At most 255 bytes; longer text is truncated by the encoder (error texts; never in the middle of a UTF-8
/// sequence), never by the decoder. On the wire any bytes are possible.
struct Str0_255 {
    std::string value;
    friend bool operator==(const Str0_255&, const Str0_255&) = default;
};
struct U24 {
    std::uint32_t value{};
    friend bool operator==(U24, U24) = default;
};
/// IEEE-754 binary32, compared by bits (NaN would break equality).
struct F32 {
    std::uint32_t bits{};
    float get() const { return std::bit_cast<float>(bits); }
    static F32 from(float f) { return {std::bit_cast<std::uint32_t>(f)}; }
    friend bool operator==(F32, F32) = default;
};
/// 32 bytes: a little-endian number, or a hash in header byte order.
struct U256 {
    Bytes32 bytes{};
    friend bool operator==(const U256&, const U256&) = default;
};
/// BIP 340 x-only key.
struct PubKey {
    Bytes32 bytes{};
    friend bool operator==(const PubKey&, const PubKey&) = default;
};
struct Signature {
    Bytes64 bytes{};
    friend bool operator==(const Signature&, const Signature&) = default;
};
template <class T, std::size_t LenBytes, std::size_t Max>
struct Seq {
    std::vector<T> items;
    friend bool operator==(const Seq&, const Seq&) = default;
};
template <class T>
using Seq0_255 = Seq<T, 1, 255>;
template <class T>
using Seq0_64K = Seq<T, 2, 65535>;
/// OPTION[T] is std::optional<T>; BOOL is bool; U8..U64 are std::uintN_t.

}  // namespace hp::wire
