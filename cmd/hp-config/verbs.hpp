// The verbs of hp-config, in the order of --help; each is one file.
#pragma once
#include "cli/verb.hpp"

namespace hp::hp_config {

using MakeVerb = cli::Verb();
MakeVerb init, check, show, join_file, add_mint, diff, plan, explain, import_files, memory, keygen, pubkey,
    docs;

inline std::vector<cli::Verb> verbs() {
    std::vector<cli::Verb> out;
    for (auto* make : {init, check, show, join_file, add_mint, diff, plan, explain, import_files, memory,
                       keygen, pubkey, docs})
        out.push_back(make());
    return out;
}

}  // namespace hp::hp_config
