// From hp-mint's configuration to the mint.
#pragma once
#include "cli/daemon.hpp"
#include "config/keys.hpp"

namespace hp::hp_mint {

struct Settings {
    config::Mint mint;
    config::PoolShared shared;
    config::Network network;
};

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon);

}  // namespace hp::hp_mint
