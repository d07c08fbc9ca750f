// XSwiftEC and its inverse as defined in BIP 324, using fractions where that saves a division. All values
// here are public (encodings that go over the wire in the clear, and x coordinates of public keys), so
// variable time is fine; the one secret operation, the ECDH, stays in libsecp256k1.
#include "crypto/ellswift.hpp"

#include <openssl/bn.h>

#include "crypto/jacobi.hpp"
#include "crypto/random.hpp"
#include "crypto/sha256.hpp"

namespace hp::crypto {
namespace {

/// The field's prime, p = 2^256 - 2^32 - 977, big-endian.
constexpr Bytes32 kPrime = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xfc, 0x2f};
/// BIP 324's c, the square root of -3 that is itself a square.
constexpr Bytes32 kRootOfMinus3 = {0x0a, 0x2d, 0x2b, 0xa9, 0x35, 0x07, 0xf1, 0xdf, 0x23, 0x37, 0x70,
                                   0xc2, 0xa7, 0x97, 0x96, 0x2c, 0xc6, 0x1f, 0x6d, 0x15, 0xda, 0x14,
                                   0xec, 0xd4, 0x7d, 0x8d, 0x27, 0xae, 0x1c, 0xd5, 0xf8, 0x52};

/// The BN calls below fail only if memory runs out.
void must(const void* ok) { HP_ASSERT(ok); }
void must(int ok) { HP_ASSERT(ok); }

/// OpenSSL's state for arithmetic mod p; one per thread, because it holds scratch numbers.
struct Modulus {
    BN_CTX* scratch = BN_CTX_new();
    BIGNUM* p = BN_bin2bn(kPrime.data(), kPrime.size(), nullptr);
    BIGNUM* quarter = BN_new();  // (p - 3) / 4
    BN_MONT_CTX* montgomery = BN_MONT_CTX_new();
    Bytes32 p_le = kPrime;

    Modulus() {
        must(scratch);
        must(p);
        must(quarter);
        must(montgomery);
        must(BN_MONT_CTX_set(montgomery, p, scratch));
        must(BN_rshift(quarter, p, 2));  // p is 3 mod 4
        std::reverse(p_le.begin(), p_le.end());
    }
    Modulus(const Modulus&) = delete;
    Modulus& operator=(const Modulus&) = delete;
    ~Modulus() {
        BN_MONT_CTX_free(montgomery);
        BN_free(quarter);
        BN_free(p);
        BN_CTX_free(scratch);
    }
};

Modulus& modulus() {
    thread_local Modulus shared;
    return shared;
}

/// Field elements made during a Scope return to the thread's pool when it ends.
class Scope {
  public:
    Scope() { BN_CTX_start(modulus().scratch); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { BN_CTX_end(modulus().scratch); }
};

/// A field element in Montgomery form. Immutable, so copies may share the number, which the innermost Scope
/// owns.
class Fe {
  public:
    static Fe from(std::uint64_t small) {
        BIGNUM* n = take();
        must(BN_set_word(n, small));
        return enter(n);
    }
    /// Reduces mod p.
    static Fe from(ByteView big_endian32) {
        BIGNUM* n = take();
        must(BN_bin2bn(big_endian32.data(), static_cast<int>(big_endian32.size()), n));
        if (BN_cmp(n, modulus().p) >= 0) must(BN_sub(n, n, modulus().p));
        return enter(n);
    }
    Bytes32 bytes() const {
        Bytes32 out;
        must(BN_bn2binpad(plain(), out.data(), out.size()) == 32);
        return out;
    }

    bool is_zero() const { return BN_is_zero(n_); }
    /// Zero counts as a square.
    bool is_square() const {
        // Montgomery form is a factor of 2^256, itself a square.
        Bytes32 little_endian;
        must(BN_bn2lebinpad(n_, little_endian.data(), little_endian.size()) == 32);
        return jacobi(little_endian, modulus().p_le) >= 0;
    }
    /// a^((p-3)/4), for a nonzero square: the square root's inverse. a times this is the root that is itself
    /// a square, which BIP 324 calls "the" square root.
    Fe inverse_root() const {
        BIGNUM* n = take();
        must(BN_mod_exp_mont(n, plain(), modulus().quarter, modulus().p, modulus().scratch,
                             modulus().montgomery));
        return enter(n);
    }
    /// Inverse of a nonzero element.
    Fe inverse() const {
        BIGNUM* n = take();
        must(BN_mod_inverse(n, plain(), modulus().p, modulus().scratch));
        return enter(n);
    }

    friend Fe operator+(Fe a, Fe b) {
        BIGNUM* n = take();
        must(BN_mod_add_quick(n, a.n_, b.n_, modulus().p));
        return Fe{n};
    }
    friend Fe operator-(Fe a, Fe b) {
        BIGNUM* n = take();
        must(BN_mod_sub_quick(n, a.n_, b.n_, modulus().p));
        return Fe{n};
    }
    friend Fe operator*(Fe a, Fe b) {
        BIGNUM* n = take();
        must(BN_mod_mul_montgomery(n, a.n_, b.n_, modulus().montgomery, modulus().scratch));
        return Fe{n};
    }
    /// This element divided by two.
    Fe half() const {
        BIGNUM* n = take();
        must(BN_is_odd(n_) ? BN_add(n, n_, modulus().p) : !!BN_copy(n, n_));
        must(BN_rshift1(n, n));
        return Fe{n};
    }
    Fe operator-() const { return Fe{take()} - *this; }

  private:
    explicit Fe(BIGNUM* n) : n_{n} {}
    /// A zero from the pool.
    static BIGNUM* take() {
        BIGNUM* n = BN_CTX_get(modulus().scratch);
        must(n);
        return n;
    }
    static Fe enter(BIGNUM* n) {
        must(BN_to_montgomery(n, n, modulus().montgomery, modulus().scratch));
        return Fe{n};
    }
    BIGNUM* plain() const {
        BIGNUM* n = take();
        must(BN_from_montgomery(n, n_, modulus().montgomery, modulus().scratch));
        return n;
    }

    BIGNUM* n_;
};

/// The curve's right side, x^3 + 7.
Fe curve(Fe x, Fe seven) { return x * x * x + seven; }

/// x = numerator / denominator is on the curve: x^3 + 7, times the square denominator^4, is a square.
bool fraction_is_on_curve(Fe numerator, Fe denominator, Fe seven) {
    const Fe cube = denominator * denominator * denominator;
    return (denominator * (numerator * numerator * numerator + seven * cube)).is_square();
}

/// BIP 324's XSwiftEC(u, t), the BIP's X and Y written out:
/// X = (g - t^2) / 2t, Y = (g + t^2) / 2tcu, with g = u^3 + 7.
Bytes32 xswiftec(Fe u, Fe t) {
    const Fe one = Fe::from(1), seven = Fe::from(7), c = Fe::from(kRootOfMinus3);
    // Inputs that have no image are moved to ones that have.
    if (u.is_zero()) u = one;
    if (t.is_zero()) t = one;
    const Fe g = curve(u, seven);
    if ((g + t * t).is_zero()) t = t + t;

    const Fe t_squared = t * t, sum = g + t_squared;
    // First u + 4Y^2, as a fraction.
    const Fe tcu = t * c * u;
    const Fe tcu_squared = tcu * tcu;
    const Fe first = u * tcu_squared + sum * sum;
    if (fraction_is_on_curve(first, tcu_squared, seven)) return (first * tcu_squared.inverse()).bytes();
    // Then (-X/Y - u)/2 and (X/Y - u)/2, where X/Y = (g - t^2)cu / (g + t^2).
    const Fe slope = (g - t_squared) * c * u, u_sum = u * sum, denominator = sum + sum;
    const Fe second = -(slope + u_sum);
    const bool is_second = fraction_is_on_curve(second, denominator, seven);
    // One of the three is always on the curve, so the last needs no check.
    return ((is_second ? second : slope - u_sum) * denominator.inverse()).bytes();
}

/// BIP 324's XSwiftECInv(x, u, case) for an x on the curve.
std::optional<Bytes32> find_t(Fe x, Fe u, int which) {
    const Fe one = Fe::from(1), seven = Fe::from(7), c = Fe::from(kRootOfMinus3);
    const Fe g = curve(u, seven), u_squared = u * u;
    Fe v = x, w = x;
    if ((which & 2) == 0) {
        if (curve(-x - u, seven).is_square()) return std::nullopt;
        // s = -g / (u^2 + ux + x^2); its root as one power: n*d*(n*d^3)^((p-3)/4). The denominator is zero
        // only if -x-u is on the curve too.
        const Fe numerator = -g, denominator = u_squared + u * x + x * x;
        const Fe product = numerator * denominator;
        if (!product.is_square()) return std::nullopt;
        w = product * (product * denominator * denominator).inverse_root();
    } else {
        const Fe s = x - u;
        if (s.is_zero() || !s.is_square()) return std::nullopt;
        const Fe four_g = g + g + g + g;
        const Fe r_squared = -(s * (four_g + (u_squared + u_squared + u_squared) * s));
        if (!r_squared.is_square()) return std::nullopt;
        if ((which & 1) && r_squared.is_zero()) return std::nullopt;
        const Fe r = r_squared.is_zero() ? r_squared : r_squared * r_squared.inverse_root();
        const Fe s_root_inverse = s.inverse_root();
        w = s * s_root_inverse;
        const Fe s_inverse = s_root_inverse * s_root_inverse;
        v = (r * s_inverse - u).half();
    }
    const Fe t = w * (u * ((which & 1) ? one + c : one - c).half() + v);
    const bool negative = (which & 1) == (which >> 2 & 1);
    return (negative ? -t : t).bytes();
}

bool on_curve(Fe x) { return curve(x, Fe::from(7)).is_square(); }

}  // namespace

Bytes32 ellswift_decode(const EllSwift64& encoded) {
    const Scope scope;
    const ByteView bytes{encoded};
    return xswiftec(Fe::from(bytes.first(32)), Fe::from(bytes.last(32)));
}

std::optional<Bytes32> xswiftec_inv(const Bytes32& x, const Bytes32& u, int which) {
    HP_ASSERT(which >= 0 && which < 8);
    const Scope scope;
    const Fe x_element = Fe::from(x);
    if (!on_curve(x_element)) return std::nullopt;
    return find_t(x_element, Fe::from(u), which);
}

EllSwift64 ellswift_encode(const XOnlyKey32& x, const Bytes32& entropy32) {
    HP_ASSERT(is_valid_xonly(x));
    // A quarter of all (u, case) lead to a t. Each attempt draws both again, or the encodings would not be
    // uniform.
    for (std::uint32_t attempt = 0;; ++attempt) {
        ByteArray<4> counter;
        put_le(counter.data(), attempt);
        const Bytes32 u = tagged_hash("hashpool/ellswift/u", {entropy32, x, counter});
        const int which = tagged_hash("hashpool/ellswift/case", {entropy32, x, counter})[0] & 7;
        // BIP 324 wants u in 1..p-1.
        if (u >= kPrime || u == Bytes32{}) continue;
        const Scope scope;
        const auto t = find_t(Fe::from(x), Fe::from(u), which);
        if (!t) continue;
        EllSwift64 encoded;
        std::copy(u.begin(), u.end(), encoded.begin());
        std::copy(t->begin(), t->end(), encoded.begin() + 32);
        return encoded;
    }
}

std::optional<Bytes32> ellswift_ecdh(const SecretKey& ours, const EllSwift64& our_encoding,
                                     const EllSwift64& theirs, bool we_initiate) {
    return ellswift_ecdh(ours, our_encoding, theirs, ellswift_decode(theirs), we_initiate);
}

std::optional<Bytes32> ellswift_ecdh(const SecretKey& ours, const EllSwift64& our_encoding,
                                     const EllSwift64& theirs, const Bytes32& their_x, bool we_initiate) {
    auto shared_x = ecdh_x(ours, their_x);
    if (!shared_x) return std::nullopt;
    const Bytes32 secret =
        tagged_hash("bip324_ellswift_xonly_ecdh",
                    {we_initiate ? our_encoding : theirs, we_initiate ? theirs : our_encoding, *shared_x});
    wipe(*shared_x);
    return secret;
}

}  // namespace hp::crypto
