// From hp-template's configuration to the Template Provider.
#pragma once
#include "cli/daemon.hpp"
#include "config/keys.hpp"

namespace hp::hp_template {

struct Settings {
    config::Template keys;
    config::Network network;
};

/// --sim and --rpc, which are short for keys.
void add_shortcuts(cli::Command& command);

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon);

}  // namespace hp::hp_template
