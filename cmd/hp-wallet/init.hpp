// hp-wallet init: creates a wallet from just a mint's URL.
#pragma once
#include <string>

#include "base/result.hpp"

namespace hp::hp_wallet {

struct InitOptions {
    std::string dir;  ///< to create; empty: HP_CONFIG_DIR, or own_directory()
    std::string mint_url;
    std::string unit;     ///< empty: the mint's only one
    std::string network;  ///< empty: mainnet
    std::string words;    ///< file with the words of a lost wallet; empty: new ones
    bool json{false};
};
/// Asks the mint for its info, then writes a directory of the role wallet, with its database. Writes nothing
/// if the mint is down, and never overwrites anything.
Result<> init(const InitOptions& options);

/// $XDG_CONFIG_HOME/hashpool or ~/.config/hashpool; empty without a home.
std::string own_directory();
/// Whether that directory has a wallet's configuration, as far as this user can see.
bool has_wallet(const std::string& dir);

}  // namespace hp::hp_wallet
