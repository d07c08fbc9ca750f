// hp-wallet init: a wallet for somebody who has nothing but a mint's URL.
#pragma once
#include <string>

#include "base/result.hpp"

namespace hp::hp_wallet {

struct InitOptions {
    std::string dir;  ///< to make; empty: HP_CONFIG_DIR, or own_directory()
    std::string mint_url;
    std::string unit;     ///< empty: the mint's only one
    std::string network;  ///< empty: mainnet
    std::string words;    ///< file with the words of a wallet that was lost; empty: fresh ones
    bool json{false};
};
/// Asks the mint who it is, then writes a directory of the role wallet, with its database. Nothing is written
/// when the mint is away, and nothing that exists is overwritten.
Result<> init(const InitOptions& options);

/// $XDG_CONFIG_HOME/hashpool or ~/.config/hashpool; empty without a home.
std::string own_directory();
/// Whether there is a wallet's configuration in that directory, as far as this user may see.
bool has_wallet(const std::string& dir);

}  // namespace hp::hp_wallet
