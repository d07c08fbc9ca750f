#include "ehash/owner.hpp"

namespace hp::ehash {

std::optional<crypto::PublicKey33> key_from_name(std::string_view name) {
    if (name.size() < 66 || (name.size() > 66 && name[66] != '.')) return {};
    auto key = array_from_hex<33>(name.substr(0, 66));
    if (!key || !crypto::is_valid_public_key(*key)) return {};
    return *key;
}

}  // namespace hp::ehash
