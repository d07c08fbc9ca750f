// From hp-pool's configuration to the pool.
#pragma once
#include "cli/daemon.hpp"
#include "config/keys.hpp"

namespace hp::hp_pool {

struct Settings {
    config::Pool pool;
    config::PoolShared shared;
    config::Network network;
};

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon);

}  // namespace hp::hp_pool
