// hp-audit's verbs beside the audit; each is one file.
#pragma once
#include "cli/verb.hpp"
#include "places.hpp"

namespace hp::hp_audit {

/// With the places that the program's own options name.
cli::Verb accept(Options& where);

inline std::vector<cli::Verb> verbs(Options& where) { return {accept(where)}; }

}  // namespace hp::hp_audit
