// From hp-template's configuration to the Template Provider.
#pragma once
#include "cli/daemon.hpp"
#include "config/keys.hpp"
#include "templates/rpc_client.hpp"
#include "templates/sim_source.hpp"

namespace hp::hp_template {

struct Settings {
    config::Template keys;
    config::Network network;
};

/// --sim and --rpc, which are short for keys.
void add_shortcuts(cli::Command& command);

templates::SimSource::Options sim_options(const Settings& settings, const cli::Command& command);
/// Reads the password's file.
Result<templates::RpcClient::Options> rpc_options(const Settings& settings, const cli::Command& command);

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon);

}  // namespace hp::hp_template
