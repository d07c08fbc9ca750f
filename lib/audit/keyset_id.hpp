// A keyset as stored by a wallet, and the id derived from its keys (NUT-02), computed independently of
// lib/cashu.
#pragma once
#include <map>
#include <string>

#include "base/bytes.hpp"

namespace hp::audit {

struct KeysetText {
    Bytes id;  ///< as stated
    std::string unit;
    std::uint64_t input_fee_ppk{};
    std::uint64_t final_expiry{};           ///< 0: none
    std::map<std::uint64_t, Bytes33> keys;  ///< by amount
};

/// Of {"keysets":[{...}]} with one keyset; nothing if it is something else.
std::optional<KeysetText> keyset_from_text(std::string_view json);
/// The id derived from its keys, in the same version as its stated id.
Bytes id_of(const KeysetText& keyset);

}  // namespace hp::audit
