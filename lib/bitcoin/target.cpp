#include "bitcoin/target.hpp"

#include <bit>
#include <boost/multiprecision/cpp_int.hpp>
#include <cmath>

namespace hp::bitcoin {
namespace {

// Wide enough for 2^256 and for 0xffff * 2^208 shifted by a double's exponent, so no step can overflow.
using Wide = boost::multiprecision::number<boost::multiprecision::cpp_int_backend<
    640, 640, boost::multiprecision::unsigned_magnitude, boost::multiprecision::unchecked, void>>;

constexpr std::uint64_t kWorkMax = std::uint64_t{1} << 62;
// Keeps the target of an absurd hash rate above zero.
constexpr double kHashesPerShareMax = 0x1p254;

std::uint64_t word(const Target& t, int index) {
    std::uint64_t value;
    static_assert(std::endian::native == std::endian::little);
    std::memcpy(&value, t.data() + 8 * index, 8);
    return value;
}

Wide to_wide(const Target& t) {
    Wide value = 0;
    for (int i = 3; i >= 0; --i) value = (value << 64) | word(t, i);
    return value;
}

/// The low 256 bits.
Target to_target(const Wide& value) {
    Target out;
    for (unsigned i = 0; i < 4; ++i) {
        auto low = static_cast<std::uint64_t>((value >> (64 * i)) & ~std::uint64_t{0});
        put_le(out.data() + 8 * i, low);
    }
    return out;
}

Target all_ones() {
    Target out;
    out.fill(0xff);
    return out;
}

double to_double(const Target& t) {
    double value = 0;
    for (int i = 3; i >= 0; --i) value = value * 0x1p64 + static_cast<double>(word(t, i));
    return value;
}

/// floor(2^256 / (target + 1))
Wide exact_work(const Target& target) { return (Wide{1} << 256) / (to_wide(target) + 1); }

}  // namespace

int compare(const Target& a, const Target& b) {
    for (int i = 3; i >= 0; --i) {
        auto x = word(a, i), y = word(b, i);
        if (x != y) return x < y ? -1 : 1;
    }
    return 0;
}

std::optional<Target> target_from_nbits(std::uint32_t nbits) {
    const unsigned size = nbits >> 24;
    std::uint32_t mantissa = nbits & 0x7f'ffff;
    if (size < 3) mantissa >>= 8 * (3 - size);
    if (mantissa == 0) return std::nullopt;
    if (nbits & 0x80'0000) return std::nullopt;  // negative
    // The mantissa's highest non-zero byte must be within 32 bytes.
    const unsigned mantissa_bytes = mantissa > 0xffff ? 3 : mantissa > 0xff ? 2 : 1;
    const unsigned shift_bytes = size > 3 ? size - 3 : 0;
    if (shift_bytes + mantissa_bytes > 32) return std::nullopt;
    Target out{};
    for (unsigned i = 0; i < mantissa_bytes; ++i)
        out[shift_bytes + i] = static_cast<std::uint8_t>(mantissa >> (8 * i));
    return out;
}

std::uint32_t nbits_from_target(const Target& target) {
    unsigned size = 32;
    while (size > 0 && target[size - 1] == 0) --size;
    std::uint32_t mantissa = 0;
    for (unsigned i = 0; i < 3; ++i) {
        // Byte size-1-i, or zero below the number's end.
        mantissa <<= 8;
        if (size > i) mantissa |= target[size - 1 - i];
    }
    // Bit 23 is the sign: a mantissa with it set is shifted down one byte.
    if (mantissa & 0x80'0000) {
        mantissa >>= 8;
        ++size;
    }
    return mantissa | (size << 24);
}

Target target_from_hashrate(double hash_rate_hps, double shares_per_minute) {
    // In the same order of operations as SRI: the last bit of a product of doubles depends on it.
    double hashes = hash_rate_hps * (60 / shares_per_minute);
    if (!(hashes > 0)) hashes = 0;  // NaN too
    hashes = std::min(hashes, kHashesPerShareMax);
    const Wide hs{std::trunc(hashes)};
    return to_target(((Wide{1} << 256) - 1 - hs) / (hs + 1));
}

Target target_from_work_bits(unsigned bits) {
    if (bits >= 256) return Target{};
    return to_target((Wide{1} << (256 - bits)) - 1);
}

double difficulty_from_target(const Target& target) {
    // A target of zero counts as 1, to keep the result finite.
    return 65535 * 0x1p208 / std::max(to_double(target), 1.0);
}

Target target_from_difficulty(double difficulty) {
    if (!(difficulty > 0)) return all_ones();
    int exponent = 0;
    const double fraction = std::frexp(difficulty, &exponent);  // [0.5, 1) * 2^exponent
    if (exponent < -40) return all_ones();
    Target one{};
    one[0] = 1;
    if (!std::isfinite(difficulty) || exponent > 240) return one;
    // difficulty = mantissa * 2^(exponent - 53), exactly; both shifts stay within 640 bits.
    const auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 53));
    Wide numerator = Wide{0xffff} << (208 + 53 + 40);
    Wide denominator = Wide{mantissa} << static_cast<unsigned>(exponent + 40);
    const Wide target = numerator / denominator;
    if (target == 0) return one;
    return (target >> 256) == 0 ? to_target(target) : all_ones();
}

double work_from_target(const Target& target) { return 0x1p256 / (to_double(target) + 1); }

std::uint64_t work_units(const Target& target, unsigned shift) {
    if (shift > 256) return 0;
    const Wide work = exact_work(target) >> shift;
    return work >= kWorkMax ? kWorkMax : static_cast<std::uint64_t>(work);
}

unsigned leading_zero_bits(const Bytes32& hash) {
    unsigned bits = 0;
    for (int i = 3; i >= 0; --i) {
        auto w = word(hash, i);
        if (w != 0) return bits + static_cast<unsigned>(std::countl_zero(w));
        bits += 64;
    }
    return bits;
}

}  // namespace hp::bitcoin
