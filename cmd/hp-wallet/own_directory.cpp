#include "own_directory.hpp"

#include <unistd.h>

#include <cstdlib>

#include "config/keys.hpp"

namespace hp::hp_wallet {
namespace {

std::string variable_of(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : value;
}

}  // namespace

std::string own_directory() {
    if (const auto config = variable_of("XDG_CONFIG_HOME"); config.starts_with('/'))
        return config + "/hashpool";
    const auto home = variable_of("HOME");
    return home.starts_with('/') ? home + "/.config/hashpool" : std::string{};
}

bool has_wallet(const std::string& dir) {
    return !dir.empty() && ::access((dir + "/" + std::string(config::ProxyShared::file)).c_str(), R_OK) == 0;
}

}  // namespace hp::hp_wallet
