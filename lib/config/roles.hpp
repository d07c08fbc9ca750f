// The roles of a machine (key `roles` of shared/network.toml): they decide which programs, files, keys and
// secrets it has.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "config/load.hpp"

namespace hp::config {

struct Role {
    std::string name;
    std::vector<std::string> programs;
    std::vector<std::string> secrets;  ///< "secrets/mint.seed": files made by `hp-config init`
};
/// pool, mint, proxy and wallet.
const std::vector<Role>& all_roles();

/// Whether these roles include that one; none means all.
bool has_role(const std::vector<std::string>& roles, std::string_view role);
/// The programs of the roles, in starting order; all if `roles` is empty.
std::vector<std::string> programs_of(const std::vector<std::string>& roles);
/// The secrets of the roles.
std::vector<std::string> secrets_of(const std::vector<std::string>& roles);
/// Whether one of the programs reads the file, or uses the key.
bool is_read_by(std::string_view file, const std::vector<std::string>& programs);
bool is_used_by(const Key& key, const std::vector<std::string>& programs);

}  // namespace hp::config
