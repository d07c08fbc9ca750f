// Who owns the ehash of a worker's shares: by the worker's name, or by a TLV of extension 0x4851.
// docs/protocol-ehash.md.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/secp.hpp"

namespace hp::ehash {

/// The locking key that a worker name (SV1) or user_identity (SV2) is: 66 hex digits of a point on the curve,
/// alone or followed by '.' or '_' and the rig's name. Nothing: an ordinary name. An error says what is wrong
/// with a name that was meant to be a key: one whose first letters and digits have 64 hex digits or more
/// among the first 68.
Result<std::optional<crypto::PublicKey33>> key_from_name(std::string_view name);

/// A worker's name as it is kept and shown, whatever a peer sent: at most 255 bytes of UTF-8 without control
/// characters.
bool is_worker_name(std::string_view name);
std::string worker_name(std::string_view untrusted);

/// Remembers which keys were valid: a point on the curve takes longer to check than all the rest of a share.
class KnownKeys {
  public:
    KnownKeys() : keys_(kKeys) {}
    /// 33 bytes, compressed, on the curve.
    bool is_valid(ByteView key);

  private:
    static constexpr std::size_t kKeys = 16'384;
    std::vector<crypto::PublicKey33> keys_;  // each at its own place, the last one there stays
};

/// What a message's TLVs of extension 0x4851 say of owner and worker: views into the message.
struct OwnerTlvs {
    std::optional<ByteView> locking_pubkey;
    std::optional<std::string_view> user_identity;  ///< at most 255 bytes
};
/// All of `bytes` must parse as TLVs. Where the extension was not negotiated, none is ours (SV2 extension
/// 0x0001).
Result<OwnerTlvs> owner_tlvs(ByteView bytes, bool is_negotiated);
/// The owner that they name: locking_pubkey, else the key that user_identity is. Nothing: neither is a key.
/// An error: one of them is no key and was meant to be.
Result<std::optional<crypto::PublicKey33>> named_owner(const OwnerTlvs& tlvs, KnownKeys& known);

}  // namespace hp::ehash
