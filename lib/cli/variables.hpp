// The HP_* variables of this process, beside those of keys.
#pragma once
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"

namespace hp::cli {

/// Where services have their configuration.
inline constexpr const char* kUsualConfigDir = "/etc/hashpool";

/// Nothing where it is not set. Set to nothing is an error, as a script's unset variable is.
Result<std::optional<std::string>> variable(const char* name);
/// HP_CONFIG_DIR.
Result<std::optional<std::string>> config_dir_variable();
/// For tools that only read configurations among other things: HP_CONFIG_DIR, or /etc/hashpool if it exists,
/// or empty.
Result<std::string> usual_config_dir();

/// All of them.
std::map<std::string, std::string> hashpool_environment();

}  // namespace hp::cli
