// The JSON that NUT-01 and NUT-02 share: a keyset, with or without its keys.
#pragma once
#include "cashu/nut01.hpp"

namespace hp::cashu {

enum class WithKeys { no, yes };
Result<Keyset> keyset_from_json(const JsonValue& value);
void append_keyset_json(std::string& out, const Keyset& keyset, WithKeys with_keys);
std::string keysets_json(std::span<const Keyset* const> keysets, WithKeys with_keys);
Result<std::vector<Keyset>> keysets_from_json(std::string_view body, WithKeys with_keys);

}  // namespace hp::cashu
