// Where a user's own wallet is.
#pragma once
#include <string>

namespace hp::hp_wallet {

/// $XDG_CONFIG_HOME/hashpool or ~/.config/hashpool; empty without a home.
std::string own_directory();
/// Whether that directory has a wallet's configuration, as far as this user can see.
bool has_wallet(const std::string& dir);

}  // namespace hp::hp_wallet
