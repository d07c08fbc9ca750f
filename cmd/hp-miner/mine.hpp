// hp-miner's options, and what it does with them.
#pragma once
#include "cli/command.hpp"

namespace hp::hp_miner {

struct Options {
    std::string url;
    std::string user;
    std::string password{"x"};
    std::string locking_key;
    std::size_t threads{1};
    std::size_t connections{1};
    std::int64_t depth{64};
    double rate_per_s{0};
    double seconds{0};
    double connect_timeout_s{0};
    std::uint64_t shares{0};
    double suggest_difficulty{0};
    double nominal_hash_rate_hps{0};
    bool json{false};
    std::string engine{"auto"};
};

/// Until --seconds or --shares are over, SIGTERM or SIGINT.
Result<> mine(const Options& options, const cli::Command& command);

}  // namespace hp::hp_miner
