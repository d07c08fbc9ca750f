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

/// The locking key in a worker name (SV1) or user_identity (SV2): 66 hex digits of a point on the curve,
/// alone or followed by '.' or '_' and the rig's name. Nothing: an ordinary name. An error says what is wrong
/// with a name that was meant to be a key: one with 64 hex digits or more among its first 68 letters and
/// digits.
Result<std::optional<crypto::PublicKey33>> key_from_name(std::string_view name);

/// A worker's name as stored and shown, whatever the peer sent: at most 255 bytes of UTF-8 without control
/// characters.
bool is_worker_name(std::string_view name);
std::string worker_name(std::string_view untrusted);

/// The first 16 bytes of a key, if a name of SV2 extension 0x0002 is what is left of one: it has room for 32
/// bytes, and translators cut their miners' names to that. Who owns the share is then unknown.
std::optional<ByteArray<16>> cut_key(std::string_view name);

/// Caches which keys were valid: checking a point takes longer than the rest of a share.
class KnownKeys {
  public:
    KnownKeys() : keys_(kKeys) {}
    /// 33 bytes, compressed, on the curve.
    bool is_valid(ByteView key);

  private:
    static constexpr std::size_t kKeys = 16'384;
    std::vector<crypto::PublicKey33> keys_;  // direct-mapped: the last key in a slot stays
};

/// Owner and worker from a message's TLVs of extension 0x4851: views into the message.
struct OwnerTlvs {
    std::optional<ByteView> locking_pubkey;
    std::optional<std::string_view> user_identity;  ///< at most 255 bytes
};
/// All of `bytes` must parse as TLVs. If the extension was not negotiated, none is ours (SV2 extension
/// 0x0001).
Result<OwnerTlvs> owner_tlvs(ByteView bytes, bool is_negotiated);
/// The owner that they name: locking_pubkey, else the key in user_identity. Nothing: neither is a key. An
/// error: one of them was meant to be a key and is not.
Result<std::optional<crypto::PublicKey33>> named_owner(const OwnerTlvs& tlvs, KnownKeys& known);

}  // namespace hp::ehash
