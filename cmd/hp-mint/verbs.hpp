// hp-mint's verbs besides serving.
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

/// hp-mint accept-rollback: continue with a database that is behind its mark.
CLI::App& add_accept_rollback(cli::Command& command, bool& is_json);
Result<> accept_rollback(const std::string& database, const std::string& mark_file, bool is_json);

}  // namespace hp
