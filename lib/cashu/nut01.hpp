// NUT-01: a mint's public keys, GET /v1/keys and /v1/keys/{id}.
#pragma once
#include <map>

#include "base/clock.hpp"
#include "cashu/nut00.hpp"

namespace hp::cashu {

/// Public keys by amount, ascending.
using Keys = std::map<std::uint64_t, PublicKey33>;

struct Keyset {
    KeysetId id;
    std::string unit;
    bool active{true};
    std::uint64_t input_fee_ppk{0};  ///< fee per thousand inputs, in the unit
    std::optional<UnixSeconds> final_expiry{};
    Keys keys;  ///< empty if only /v1/keysets was read
    friend bool operator==(const Keyset&, const Keyset&) = default;
};

/// The maximum accepted by Cashu wallets (cashu-ts 4.8).
inline constexpr std::size_t kKeysMax = 256;

/// A map {"1": hex33, ...}: amounts are canonical decimal, keys are on the curve and unique, at least one.
Result<Keys> keys_from_json(const JsonValue& object);
/// A body of /v1/keys: every keyset with its keys. Ids are not yet checked against keys: see id_matches.
Result<std::vector<Keyset>> keysets_with_keys_from_json(std::string_view body);
/// {"keysets":[{id, unit, active, input_fee_ppk, final_expiry, keys}]}
std::string keys_json(std::span<const Keyset* const> keysets);

}  // namespace hp::cashu
