#include "cashu/nut13.hpp"

#include "crypto/bip32.hpp"
#include "crypto/hmac.hpp"
#include "crypto/random.hpp"

namespace hp::cashu {
namespace {

Result<DeterministicSecret> derive_by_hmac(ByteView seed64, const KeysetId& id, std::uint64_t counter) {
    Bytes message(as_bytes("Cashu_KDF_HMAC_SHA256").begin(), as_bytes("Cashu_KDF_HMAC_SHA256").end());
    append(message, id.bytes());
    std::uint8_t counter8[8];
    put_be(counter8, counter);
    append(message, counter8);
    message.push_back(0);
    std::string secret = to_hex(crypto::hmac_sha256(seed64, message));
    message.back() = 1;
    Bytes32 r_bytes = crypto::hmac_sha256(seed64, message);
    auto r = crypto::scalar_reduce(r_bytes);
    crypto::wipe(r_bytes);
    if (!r) return fail(Errc::invalid, "the blinding factor at counter " + std::to_string(counter) + " is 0");
    return DeterministicSecret{std::move(secret), *r};
}

Result<DeterministicSecret> derive_by_bip32(ByteView seed64, const KeysetId& id, std::uint64_t counter) {
    using crypto::kHardened;
    if (counter >= kHardened)
        return fail(Errc::usage, "counter " + std::to_string(counter) + " is above 2^31 - 1 for keyset '" +
                                     id.hex() + "'");
    auto id_number = static_cast<std::uint32_t>(get_be<std::uint64_t>(id.bytes().data()) % 0x7fff'ffff);
    const std::uint32_t path[] = {129372 | kHardened, 0 | kHardened, id_number | kHardened,
                                  static_cast<std::uint32_t>(counter) | kHardened};
    HP_TRY(auto parent, crypto::bip32_derive(seed64, path));
    HP_TRY(auto secret, crypto::bip32_child(parent, 0));
    HP_TRY(auto r, crypto::bip32_child(parent, 1));
    return DeterministicSecret{to_hex(secret.key.bytes()), r.key};
}

}  // namespace

Result<DeterministicSecret> derive_secret(ByteView seed64, const KeysetId& id, std::uint64_t counter) {
    HP_ASSERT(seed64.size() == 64 && !id.is_short());
    return id.version() == 0 ? derive_by_bip32(seed64, id, counter) : derive_by_hmac(seed64, id, counter);
}

}  // namespace hp::cashu
