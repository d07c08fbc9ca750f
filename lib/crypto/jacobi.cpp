#include "crypto/jacobi.hpp"

#include <bit>

namespace hp::crypto {
namespace {

/// Least significant limb first.
struct Limbs {
    std::uint64_t limb[4];

    bool is_zero() const { return !(limb[0] | limb[1] | limb[2] | limb[3]); }
    bool is_one() const { return limb[0] == 1 && !(limb[1] | limb[2] | limb[3]); }
};

Limbs load(const Bytes32& little_endian) {
    Limbs out;
    for (std::size_t i = 0; i < 4; ++i) out.limb[i] = get_le<std::uint64_t>(little_endian.data() + 8 * i);
    return out;
}

/// a - b, and whether it went below zero.
bool subtract(Limbs& out, const Limbs& a, const Limbs& b) {
    bool borrow = false;
    for (std::size_t i = 0; i < 4; ++i) {
        std::uint64_t difference;
        const bool below = __builtin_sub_overflow(a.limb[i], b.limb[i], &difference);
        borrow = __builtin_sub_overflow(difference, std::uint64_t{borrow}, &out.limb[i]) | below;
    }
    return borrow;
}

/// Shifts the factors of two out of a nonzero number and returns how many there were.
int strip_twos(Limbs& a) {
    int stripped = 0;
    for (; a.limb[0] == 0; stripped += 64) a = {a.limb[1], a.limb[2], a.limb[3], 0};
    const int bits = std::countr_zero(a.limb[0]);
    if (bits)
        for (std::size_t i = 0; i < 4; ++i)
            a.limb[i] = a.limb[i] >> bits | (i < 3 ? a.limb[i + 1] << (64 - bits) : 0);
    return stripped + bits;
}

}  // namespace

int jacobi(const Bytes32& a_le, const Bytes32& n_le) {
    Limbs a = load(a_le), n = load(n_le);
    HP_ASSERT(n.limb[0] & 1);
    // The lowest bit counts the changes of sign.
    std::uint64_t flips = 0;
    while (!a.is_zero()) {
        // (2 / n) is -1 exactly for n = 3 and 5 mod 8, where bits 1 and 2 differ.
        if (strip_twos(a) & 1) flips ^= (n.limb[0] >> 1) ^ (n.limb[0] >> 2);
        Limbs difference;
        if (subtract(difference, a, n)) {
            // Reciprocity: exchanging odd numbers changes the sign if both are 3 mod 4.
            flips ^= (a.limb[0] & n.limb[0]) >> 1;
            subtract(difference, n, a);
            n = a;
        }
        a = difference;
    }
    if (!n.is_one()) return 0;
    return flips & 1 ? -1 : 1;
}

}  // namespace hp::crypto
