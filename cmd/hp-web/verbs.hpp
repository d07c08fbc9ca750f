// hp-web's verbs: the two sides that have a page.
#pragma once
#include "cli/command.hpp"

namespace hp::hp_web {

cli::Verb pool(const config::Network& network, const cli::Command& command);
cli::Verb proxy(const config::Network& network, const cli::Command& command);

inline std::vector<cli::Verb> verbs(const config::Network& network, const cli::Command& command) {
    return {pool(network, command), proxy(network, command)};
}

}  // namespace hp::hp_web
