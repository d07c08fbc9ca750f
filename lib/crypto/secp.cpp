#include "crypto/secp.hpp"

#include <secp256k1.h>
#include <secp256k1_ecdh.h>
#include <secp256k1_extrakeys.h>
#include <secp256k1_schnorrsig.h>

#include "crypto/random.hpp"

namespace hp::crypto {
namespace {

/// The group order n, big-endian.
constexpr Bytes32 kOrder = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                            0xff, 0xff, 0xff, 0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48,
                            0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};

/// One context per program, blinded once; afterwards read-only, so any thread may use it.
const secp256k1_context* context() {
    static const secp256k1_context* const shared = [] {
        secp256k1_context* made = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
        HP_ASSERT(made);
        // An illegal argument makes the call return 0, which we treat as a failure, instead of aborting.
        secp256k1_context_set_illegal_callback(
            made, [](const char*, void*) {}, nullptr);
        // The library's own invariants are broken (memory corruption): continuing would be unsafe.
        secp256k1_context_set_error_callback(
            made, [](const char* what, void*) { assertion_failed(what, "libsecp256k1", 0); }, nullptr);
        Bytes32 blinding = random_array<32>();
        const bool blinded = secp256k1_context_randomize(made, blinding.data());
        wipe(blinding);
        HP_ASSERT(blinded);
        return made;
    }();
    return shared;
}

std::optional<secp256k1_pubkey> parse(ByteView bytes33) {
    secp256k1_pubkey point;
    // The size admits only 02 and 03: libsecp256k1 knows the hybrid prefixes only with 65 bytes.
    if (bytes33.size() != 33 || !secp256k1_ec_pubkey_parse(context(), &point, bytes33.data(), bytes33.size()))
        return std::nullopt;
    return point;
}

PublicKey33 serialize(const secp256k1_pubkey& point) {
    PublicKey33 out;
    std::size_t size = out.size();
    const bool done =
        secp256k1_ec_pubkey_serialize(context(), out.data(), &size, &point, SECP256K1_EC_COMPRESSED);
    HP_ASSERT(done && size == out.size());
    return out;
}

std::optional<secp256k1_xonly_pubkey> parse_xonly(ByteView bytes32) {
    secp256k1_xonly_pubkey key;
    if (bytes32.size() != 32 || !secp256k1_xonly_pubkey_parse(context(), &key, bytes32.data()))
        return std::nullopt;
    return key;
}

/// BIP 340's key pair for a secret key, wiped on destruction.
struct KeyPair {
    explicit KeyPair(const SecretKey& key) {
        const bool made = secp256k1_keypair_create(context(), &pair, key.bytes().data());
        HP_ASSERT(made);
    }
    KeyPair(const KeyPair&) = delete;
    KeyPair& operator=(const KeyPair&) = delete;
    ~KeyPair() { wipe(pair.data); }
    secp256k1_keypair pair;
};

/// A "hash" that returns the shared point itself, compressed.
int compressed_point(unsigned char* out, const unsigned char* x, const unsigned char* y, void*) {
    out[0] = static_cast<unsigned char>(2 | (y[31] & 1));
    std::memcpy(out + 1, x, 32);
    return 1;
}

/// A "hash" that returns the shared point's x.
int x_coordinate(unsigned char* out, const unsigned char* x, const unsigned char*, void*) {
    std::memcpy(out, x, 32);
    return 1;
}

}  // namespace

std::optional<SecretKey> SecretKey::from_bytes(ByteView bytes32) {
    if (bytes32.size() != 32 || !secp256k1_ec_seckey_verify(context(), bytes32.data())) return std::nullopt;
    SecretKey key;
    std::copy(bytes32.begin(), bytes32.end(), key.bytes_.begin());
    return key;
}

SecretKey SecretKey::generate() {
    for (;;) {
        Bytes32 candidate = random_array<32>();
        auto key = from_bytes(candidate);
        wipe(candidate);
        if (key) return *key;
    }
}

SecretKey::~SecretKey() { wipe(bytes_); }

PublicKey33 SecretKey::public_key() const {
    secp256k1_pubkey point;
    const bool made = secp256k1_ec_pubkey_create(context(), &point, bytes_.data());
    HP_ASSERT(made);
    return serialize(point);
}

XOnlyKey32 SecretKey::xonly() const { return to_array<32>(ByteView{public_key()}.subspan(1)); }

bool is_valid_public_key(ByteView bytes) { return parse(bytes).has_value(); }

bool is_valid_xonly(ByteView bytes32) { return parse_xonly(bytes32).has_value(); }

std::optional<PublicKey33> multiply(const SecretKey& secret, const PublicKey33& point) {
    const auto parsed = parse(point);
    if (!parsed) return std::nullopt;
    PublicKey33 out;
    if (!secp256k1_ecdh(context(), out.data(), &*parsed, secret.bytes().data(), compressed_point, nullptr))
        return std::nullopt;
    return out;
}

std::optional<PublicKey33> multiply_public(const Bytes32& scalar, const PublicKey33& point) {
    auto parsed = parse(point);
    if (!parsed || !secp256k1_ec_pubkey_tweak_mul(context(), &*parsed, scalar.data())) return std::nullopt;
    return serialize(*parsed);
}

std::optional<PublicKey33> add(const PublicKey33& a, const PublicKey33& b) {
    const auto left = parse(a), right = parse(b);
    if (!left || !right) return std::nullopt;
    const secp256k1_pubkey* terms[] = {&*left, &*right};
    secp256k1_pubkey sum;
    if (!secp256k1_ec_pubkey_combine(context(), &sum, terms, 2)) return std::nullopt;
    return serialize(sum);
}

std::optional<PublicKey33> negate(const PublicKey33& p) {
    auto parsed = parse(p);
    if (!parsed || !secp256k1_ec_pubkey_negate(context(), &*parsed)) return std::nullopt;
    return serialize(*parsed);
}

std::optional<ByteArray<65>> uncompressed(const PublicKey33& p) {
    const auto parsed = parse(p);
    if (!parsed) return std::nullopt;
    ByteArray<65> out;
    std::size_t size = out.size();
    const bool done =
        secp256k1_ec_pubkey_serialize(context(), out.data(), &size, &*parsed, SECP256K1_EC_UNCOMPRESSED);
    HP_ASSERT(done && size == out.size());
    return out;
}

std::optional<SecretKey> scalar_add(const SecretKey& a, const SecretKey& b) {
    Bytes32 sum = a.bytes();
    std::optional<SecretKey> out;
    if (secp256k1_ec_seckey_tweak_add(context(), sum.data(), b.bytes().data()))
        out = SecretKey::from_bytes(sum);
    wipe(sum);
    return out;
}

std::optional<SecretKey> scalar_multiply(const SecretKey& a, const SecretKey& b) {
    Bytes32 product = a.bytes();
    std::optional<SecretKey> out;
    if (secp256k1_ec_seckey_tweak_mul(context(), product.data(), b.bytes().data()))
        out = SecretKey::from_bytes(product);
    wipe(product);
    return out;
}

std::optional<SecretKey> scalar_reduce(ByteView bytes32) {
    if (bytes32.size() != 32) return std::nullopt;
    // 2^256 < 2n, so one subtraction reduces. Both results are computed and one is chosen by mask: the bytes
    // may be secret, and neither branches nor addresses may depend on them.
    Bytes32 reduced;
    unsigned borrow = 0;
    for (std::size_t i = 32; i-- > 0;) {
        const unsigned difference = 0x100u + bytes32[i] - kOrder[i] - borrow;
        reduced[i] = static_cast<std::uint8_t>(difference);
        borrow = 1 - (difference >> 8);
    }
    const auto keep_original = static_cast<std::uint8_t>(0u - borrow);
    for (std::size_t i = 0; i < 32; ++i)
        reduced[i] = static_cast<std::uint8_t>((bytes32[i] & keep_original) | (reduced[i] & ~keep_original));
    auto out = SecretKey::from_bytes(reduced);
    wipe(reduced);
    return out;
}

std::optional<Bytes32> ecdh_x(const SecretKey& secret, const Bytes32& x) {
    PublicKey33 encoded{2};
    std::copy(x.begin(), x.end(), encoded.begin() + 1);
    const auto point = parse(encoded);
    if (!point) return std::nullopt;
    Bytes32 out;
    if (!secp256k1_ecdh(context(), out.data(), &*point, secret.bytes().data(), x_coordinate, nullptr))
        return std::nullopt;
    return out;
}

Bytes64 schnorr_sign(const SecretKey& key, const Bytes32& message32, const Bytes32& aux_rand) {
    const KeyPair keys{key};
    Bytes64 signature;
    const bool made = secp256k1_schnorrsig_sign32(context(), signature.data(), message32.data(), &keys.pair,
                                                  aux_rand.data());
    HP_ASSERT(made);
    return signature;
}

bool schnorr_verify(ByteView signature64, ByteView message, ByteView xonly32) {
    const auto key = parse_xonly(xonly32);
    return signature64.size() == 64 && key &&
           secp256k1_schnorrsig_verify(context(), signature64.data(), message.data(), message.size(), &*key);
}

}  // namespace hp::crypto
