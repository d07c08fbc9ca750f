// A keyset as a wallet keeps it, and the id that its keys make (NUT-02), reckoned apart from lib/cashu.
#pragma once
#include <map>
#include <string>

#include "base/bytes.hpp"

namespace hp::audit {

struct KeysetText {
    Bytes id;  ///< as it calls itself
    std::string unit;
    std::uint64_t input_fee_ppk{};
    std::uint64_t final_expiry{};           ///< 0: none
    std::map<std::uint64_t, Bytes33> keys;  ///< by amount
};

/// Of {"keysets":[{...}]} with one keyset; nothing when it is something else.
std::optional<KeysetText> keyset_from_text(std::string_view json);
/// The id that belongs to its keys, of the version of the id that it has.
Bytes id_of(const KeysetText& keyset);

}  // namespace hp::audit
