// hp-pool's verbs beside serving; each is one file.
#pragma once
#include "cli/command.hpp"
#include "parts.hpp"

namespace hp::hp_pool {

cli::Verb archive(const Settings& settings, const cli::Command& command);
cli::Verb check_shares();
cli::Verb vardiff_lab();

inline std::vector<cli::Verb> verbs(const Settings& settings, const cli::Command& command) {
    return {archive(settings, command), check_shares(), vardiff_lab()};
}

}  // namespace hp::hp_pool
