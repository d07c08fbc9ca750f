// hp-pool's verbs besides serving.
#pragma once
#include <string>

#include "base/result.hpp"

namespace CLI {
class App;
}
namespace hp::cli {
class Command;
}

namespace hp {

struct CheckSharesOptions {
    std::string file{"-"};
};
CLI::App& add_check_shares(cli::Command& command, CheckSharesOptions& options);
Result<> check_shares(const CheckSharesOptions& options);

}  // namespace hp
