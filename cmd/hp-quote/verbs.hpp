// The verbs of hp-quote, in the order of --help; each is one file.
#pragma once
#include "cli/verb.hpp"

namespace hp::hp_quote {

using MakeVerb = cli::Verb();
MakeVerb decode, encode, get, list, dead, requeue, adopt, held, release, amount, explain;

inline std::vector<cli::Verb> verbs() {
    std::vector<cli::Verb> out;
    for (auto* make : {decode, encode, get, list, dead, requeue, adopt, held, release, amount, explain})
        out.push_back(make());
    return out;
}

}  // namespace hp::hp_quote
