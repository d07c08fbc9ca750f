// From hp-proxy's configuration to the proxy.
#pragma once
#include "cli/daemon.hpp"
#include "config/keys.hpp"

namespace hp::hp_proxy {

struct Settings {
    config::Proxy proxy;
    config::ProxyShared shared;
    config::Network network;
};

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon);

}  // namespace hp::hp_proxy
