#include "cashu/nut20.hpp"

#include "crypto/bip32.hpp"
#include "crypto/sha256.hpp"

namespace hp::cashu {
namespace {

void append_text(Bytes& out, std::string_view text) { append(out, as_bytes(text)); }

void append_framed(Bytes& out, ByteView bytes) {
    std::uint8_t size4[4];
    put_be(size4, static_cast<std::uint32_t>(bytes.size()));
    append(out, size4);
    append(out, bytes);
}

/// Big-endian without leading zeros; empty for 0.
ByteView minimal_be(std::uint64_t value, std::uint8_t (&space)[8]) {
    put_be(space, value);
    ByteView bytes = space;
    while (!bytes.empty() && bytes.front() == 0) bytes = bytes.subspan(1);
    return bytes;
}

}  // namespace

Bytes mint_message(MintMessageForm form, std::string_view quote_id, std::span<const BlindedMessage> outputs) {
    Bytes out;
    if (form == MintMessageForm::legacy) {
        append_text(out, quote_id);
        for (const BlindedMessage& output : outputs) append_text(out, to_hex(output.B_));
        return out;
    }
    append_text(out, "Cashu_MintQuoteSig_v1");
    append_framed(out, as_bytes(quote_id));
    for (const BlindedMessage& output : outputs) {
        std::uint8_t amount[8];
        append_framed(out, minimal_be(output.amount, amount));
        append_framed(out, output.B_);
    }
    return out;
}

Bytes64 sign_mint(const SecretKey& key, std::string_view quote_id, std::span<const BlindedMessage> outputs,
                  const Bytes32& aux_rand, MintMessageForm form) {
    return crypto::schnorr_sign(key, crypto::sha256(mint_message(form, quote_id, outputs)), aux_rand);
}

bool verify_mint(const PublicKey33& key, ByteView signature64, std::string_view quote_id,
                 std::span<const BlindedMessage> outputs, MintMessageForm form) {
    return crypto::schnorr_verify(signature64, crypto::sha256(mint_message(form, quote_id, outputs)),
                                  ByteView(key).subspan(1));
}

Result<SecretKey> lock_key(ByteView seed64, std::uint32_t counter) {
    using crypto::kHardened;
    if (counter >= kHardened)
        return fail(Errc::usage, "lock key counter " + std::to_string(counter) + " is above 2^31 - 1");
    const std::uint32_t path[] = {129373 | kHardened, 20 | kHardened, 0 | kHardened, 0 | kHardened, counter};
    HP_TRY(auto derived, crypto::bip32_derive(seed64, path));
    return derived.key;
}

}  // namespace hp::cashu
