#include "crypto/bip32.hpp"

#include "crypto/hmac.hpp"
#include "crypto/random.hpp"

namespace hp::crypto {
namespace {

constexpr std::size_t kSeedSizeMin = 16;
constexpr std::size_t kSeedSizeMax = 64;

/// The left half of an HMAC as a key, if valid; BIP 32 gives up on the rest (less than 1 in 2^127).
std::optional<SecretKey> left_key(const Bytes64& mac) {
    return SecretKey::from_bytes(ByteView{mac}.first(32));
}

Bytes32 right_half(const Bytes64& mac) { return to_array<32>(ByteView{mac}.last(32)); }

}  // namespace

ExtendedKey::~ExtendedKey() { wipe(chain_code); }

Result<ExtendedKey> bip32_master(ByteView seed) {
    if (seed.size() < kSeedSizeMin || seed.size() > kSeedSizeMax)
        return fail(Errc::invalid, "seed has " + std::to_string(seed.size()) + " bytes, expected 16 to 64");
    Bytes64 mac = hmac_sha512(as_bytes("Bitcoin seed"), seed);
    const auto key = left_key(mac);
    const Bytes32 chain_code = right_half(mac);
    wipe(mac);
    if (!key) return fail(Errc::invalid, "the seed has no valid BIP 32 master key");
    return ExtendedKey{.key = *key, .chain_code = chain_code};
}

Result<ExtendedKey> bip32_child(const ExtendedKey& parent, std::uint32_t index) {
    ByteArray<37> preimage{};
    if (index >= kHardened) {
        std::copy(parent.key.bytes().begin(), parent.key.bytes().end(), preimage.begin() + 1);
    } else {
        const auto public_key = parent.key.public_key();
        std::copy(public_key.begin(), public_key.end(), preimage.begin());
    }
    put_be(preimage.data() + 33, index);
    Bytes64 mac = hmac_sha512(parent.chain_code, preimage);
    const auto tweak = left_key(mac);
    const auto key = tweak ? scalar_add(*tweak, parent.key) : std::nullopt;
    const Bytes32 chain_code = right_half(mac);
    wipe(preimage);
    wipe(mac);
    if (!key)
        return fail(Errc::invalid, "no BIP 32 child key at index " + std::to_string(index),
                    "use the next index");
    return ExtendedKey{.key = *key, .chain_code = chain_code};
}

Result<ExtendedKey> bip32_derive(ByteView seed, std::span<const std::uint32_t> path) {
    auto key = bip32_master(seed);
    for (std::size_t level = 0; key && level < path.size(); ++level) key = bip32_child(*key, path[level]);
    return key;
}

}  // namespace hp::crypto
