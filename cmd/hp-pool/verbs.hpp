// hp-pool's verbs beside serving; each is one file.
#pragma once
#include "cli/verb.hpp"

namespace hp::hp_pool {

cli::Verb check_shares();

inline std::vector<cli::Verb> verbs() { return {check_shares()}; }

}  // namespace hp::hp_pool
