// hp-mint's verbs beside serving; each is one file.
#pragma once
#include "cli/command.hpp"
#include "parts.hpp"

namespace hp::hp_mint {

cli::Verb accept_rollback(const Settings& settings, const cli::Command& command);

inline std::vector<cli::Verb> verbs(const Settings& settings, const cli::Command& command) {
    return {accept_rollback(settings, command)};
}

}  // namespace hp::hp_mint
