// NUT-20: signatures on mint requests of locked quotes, and the keys for them.
#pragma once
#include "cashu/nut00.hpp"

namespace hp::cashu {

enum class MintMessageForm {
    v1,      ///< "Cashu_MintQuoteSig_v1", length-framed, covers amounts
    legacy,  ///< quote id and hex B_ concatenated
};
/// The bytes that are hashed with SHA256 and signed. In a batch each quote signs all outputs with its own id.
Bytes mint_message(MintMessageForm form, std::string_view quote_id, std::span<const BlindedMessage> outputs);

Bytes64 sign_mint(const SecretKey& key, std::string_view quote_id, std::span<const BlindedMessage> outputs,
                  const Bytes32& aux_rand, MintMessageForm form = MintMessageForm::v1);
/// The key's prefix is ignored: 02 and 03 with the same x are one signer.
bool verify_mint(const PublicKey33& key, ByteView signature64, std::string_view quote_id,
                 std::span<const BlindedMessage> outputs, MintMessageForm form);

/// m/129373'/20'/0'/0'/counter, counter below 2^31.
Result<SecretKey> lock_key(ByteView seed64, std::uint32_t counter);

}  // namespace hp::cashu
