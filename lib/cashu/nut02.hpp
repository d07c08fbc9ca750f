// NUT-02: keyset ids, fees, GET /v1/keysets, and the derivation of a mint's own keys.
#pragma once
#include "cashu/nut01.hpp"

namespace hp::cashu {

/// Old form: 00 || first 7 bytes of SHA256(keys, ascending by amount).
KeysetId keyset_id_v1(const Keys& keys);
/// 01 || SHA256("amount:keyhex,...|unit:u[|input_fee_ppk:n][|final_expiry:t]"). The unit is lower-cased.
KeysetId keyset_id_v2(const Keys& keys, std::string_view unit, std::uint64_t input_fee_ppk,
                      std::optional<UnixSeconds> final_expiry);
/// Whether the id matches the keys (and for v2 unit, fee and expiry). A wallet refuses a keyset otherwise.
bool id_matches(const Keyset& keyset);

/// floor((sum + 999) / 1000) of the inputs' fees in parts per thousand; nothing if the sum overflows.
std::optional<std::uint64_t> input_fee(std::span<const std::uint64_t> input_fee_ppk);

/// {"keysets":[{id, unit, active, input_fee_ppk, final_expiry}]}, all of them for ever.
std::string keysets_json(std::span<const Keyset* const> keysets);
Result<std::vector<Keyset>> keysets_from_json(std::string_view body);

/// The amount as powers of two, ascending: 13 becomes 1, 4, 8.
std::vector<std::uint64_t> split_amount(std::uint64_t amount);

/// A keyset with its secret keys, for the mint. Amounts are 2^0, 2^1, ...
struct MintKeyset {
    Keyset keyset;
    std::vector<SecretKey> secret_keys;  ///< [i] signs 2^i

    /// The key that signs this amount, or nothing.
    const SecretKey* key_for(std::uint64_t amount) const;
};

/// 2^0 .. 2^62: amounts are at most 2^62, since databases have signed integers.
inline constexpr unsigned kMintKeyCount = 63;

/// U in m/129372'/U'/index'/i': 31 bits of SHA256 of the upper-case unit. Two units with the same U must not
/// live in one mint.
std::uint32_t unit_index(std::string_view unit);
/// Keys m/129372'/U'/index'/i' of the seed; the id is version 01. `index` below 2^31.
Result<MintKeyset> derive_keyset(ByteView seed, std::string_view unit, std::uint32_t index,
                                 std::uint64_t input_fee_ppk, std::optional<UnixSeconds> final_expiry,
                                 unsigned key_count = kMintKeyCount);

/// All keysets of a mint, by id. Keysets are never removed.
class MintKeysets {
  public:
    /// Refuses a second keyset with the same id, and a unit whose unit_index is that of another unit.
    Result<> insert(MintKeyset keyset);
    /// Deactivating stops signing; inputs of the keyset stay valid.
    void set_active(const KeysetId& id, bool active);
    const MintKeyset* find(const KeysetId& id) const;
    /// The unit's active keyset inserted last.
    const MintKeyset* active(std::string_view unit) const;
    std::vector<const Keyset*> all() const;
    std::vector<const Keyset*> all_active() const;

  private:
    std::map<KeysetId, MintKeyset> by_id_;
    std::vector<KeysetId> in_order_;
};

}  // namespace hp::cashu
