// One codec per wire type; messages contain no codec code. `type_name` is the specification's name,
// `size_max` the maximum bytes of a value on the wire (saturating, see below).
#pragma once
#include "wire/reader.hpp"
#include "wire/types.hpp"

namespace hp::wire {

template <class T>
struct Codec;

/// The maximum of msg_length, a U24: no field or payload is larger, whatever the sum of its parts.
inline constexpr std::size_t kWireSizeMax = 0xff'ffff;
constexpr std::size_t saturate(std::size_t size) { return std::min(size, kWireSizeMax); }

template <class T, std::size_t N>
struct IntCodec {
    static constexpr std::size_t size_max = N;
    static void put(Writer& out, T value) { out.le<N>(static_cast<std::uint64_t>(value)); }
    static T get(Reader& in) { return static_cast<T>(in.le<N>()); }
};
template <>
struct Codec<std::uint8_t> : IntCodec<std::uint8_t, 1> {
    static std::string type_name() { return "U8"; }
};
template <>
struct Codec<std::uint16_t> : IntCodec<std::uint16_t, 2> {
    static std::string type_name() { return "U16"; }
};
template <>
struct Codec<std::uint32_t> : IntCodec<std::uint32_t, 4> {
    static std::string type_name() { return "U32"; }
};
template <>
struct Codec<std::uint64_t> : IntCodec<std::uint64_t, 8> {
    static std::string type_name() { return "U64"; }
};
template <>
struct Codec<U24> {
    static constexpr std::size_t size_max = 3;
    static std::string type_name() { return "U24"; }
    static void put(Writer& out, U24 value) {
        HP_ASSERT(value.value <= 0xff'ffff);
        out.le<3>(value.value);
    }
    static U24 get(Reader& in) { return {static_cast<std::uint32_t>(in.le<3>())}; }
};
/// Only bit 0 is read: a sender may set the others to anything. Spec 3.1.
template <>
struct Codec<bool> {
    static constexpr std::size_t size_max = 1;
    static std::string type_name() { return "BOOL"; }
    static void put(Writer& out, bool value) { out.le<1>(value); }
    static bool get(Reader& in) { return in.le<1>() & 1; }
};
template <>
struct Codec<F32> {
    static constexpr std::size_t size_max = 4;
    static std::string type_name() { return "F32"; }
    static void put(Writer& out, F32 value) { out.le<4>(value.bits); }
    static F32 get(Reader& in) { return {static_cast<std::uint32_t>(in.le<4>())}; }
};
template <class T, std::size_t N>
struct FixedCodec {
    static constexpr std::size_t size_max = N;
    static void put(Writer& out, const T& value) { out.put(value.bytes); }
    static T get(Reader& in) {
        T value;
        auto bytes = in.take(N);
        std::copy(bytes.begin(), bytes.end(), value.bytes.begin());
        return value;
    }
};
template <>
struct Codec<U256> : FixedCodec<U256, 32> {
    static std::string type_name() { return "U256"; }
};
template <>
struct Codec<PubKey> : FixedCodec<PubKey, 32> {
    static std::string type_name() { return "PUBKEY"; }
};
template <>
struct Codec<Signature> : FixedCodec<Signature, 64> {
    static std::string type_name() { return "SIGNATURE"; }
};
template <>
struct Codec<Str0_255> {
    static constexpr std::size_t size_max = 1 + 255;
    static std::string type_name() { return "STR0_255"; }
    static void put(Writer& out, const Str0_255& value) {
        auto text = as_bytes(value.value).first(cut(value.value));
        out.le<1>(text.size());
        out.put(text);
    }
    static Str0_255 get(Reader& in) {
        auto bytes = in.take(in.le<1>());
        return {std::string(bytes.begin(), bytes.end())};
    }

  private:
    /// How much of the text fits, without a partial UTF-8 sequence at the end.
    static std::size_t cut(std::string_view text) {
        if (text.size() <= 255) return text.size();
        std::size_t size = 255;
        while (size > 252 && (text[size] & 0xc0) == 0x80) --size;
        return size;
    }
};
template <>
struct Codec<B0_32> {
    static constexpr std::size_t size_max = 1 + 32;
    static std::string type_name() { return "B0_32"; }
    static void put(Writer& out, const B0_32& value) {
        HP_ASSERT(value.size <= 32);
        out.le<1>(value.size);
        out.put(value.view());
    }
    static B0_32 get(Reader& in) {
        auto size = in.le<1>();
        if (size > 32) {
            in.fail("longer than 32 bytes");
            return {};
        }
        return B0_32::from(in.take(size));
    }
};
template <std::size_t L, std::size_t Max>
struct Codec<Blob<L, Max>> {
    static constexpr std::size_t size_max = saturate(L + Max);
    static std::string type_name() { return Max == 255 ? "B0_255" : Max == 65535 ? "B0_64K" : "B0_16M"; }
    static void put(Writer& out, const Blob<L, Max>& value) {
        HP_ASSERT(value.value.size() <= Max);
        out.le<L>(value.value.size());
        out.put(value.value);
    }
    static Blob<L, Max> get(Reader& in) {
        auto bytes = in.take(in.le<L>());
        return {Bytes(bytes.begin(), bytes.end())};
    }
};
template <class T>
struct Codec<std::optional<T>> {
    static constexpr std::size_t size_max = saturate(1 + Codec<T>::size_max);
    static std::string type_name() { return "OPTION[" + Codec<T>::type_name() + "]"; }
    static void put(Writer& out, const std::optional<T>& value) {
        out.le<1>(value.has_value());
        if (value) Codec<T>::put(out, *value);
    }
    static std::optional<T> get(Reader& in) {
        auto count = in.le<1>();
        if (count > 1) {
            in.fail("OPTION count above 1");
            return {};
        }
        if (count == 0) return {};
        return Codec<T>::get(in);
    }
};
template <class T, std::size_t L, std::size_t Max>
struct Codec<Seq<T, L, Max>> {
    static constexpr std::size_t size_max = saturate(L + Max * Codec<T>::size_max);
    static std::string type_name() {
        return (L == 1 ? "SEQ0_255[" : "SEQ0_64K[") + Codec<T>::type_name() + "]";
    }
    static void put(Writer& out, const Seq<T, L, Max>& value) {
        HP_ASSERT(value.items.size() <= Max);
        out.le<L>(value.items.size());
        for (const T& item : value.items) Codec<T>::put(out, item);
    }
    /// Grow with the actual data, not with the announced count.
    static Seq<T, L, Max> get(Reader& in) {
        Seq<T, L, Max> value;
        for (auto n = in.le<L>(); n > 0 && in.ok(); --n) value.items.push_back(Codec<T>::get(in));
        if (!in.ok()) value.items.clear();
        return value;
    }
};

}  // namespace hp::wire
