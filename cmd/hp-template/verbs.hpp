// hp-template's verbs beside serving; each is one file.
#pragma once
#include "cli/command.hpp"
#include "parts.hpp"

namespace hp::hp_template {

cli::Verb submit(const Settings& settings, const cli::Command& command);

inline std::vector<cli::Verb> verbs(const Settings& settings, const cli::Command& command) {
    return {submit(settings, command)};
}

}  // namespace hp::hp_template
