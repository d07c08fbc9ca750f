// The verbs of hp-wallet, in the order of --help; each is one file. Results go to stdout, as text or JSON;
// verbs wait for the mint's answers.
#pragma once
#include "cli/command.hpp"

namespace hp::hp_wallet {

/// What the verbs share.
struct Program {
    cli::Command& command;
    config::ProxyShared shared{};
    config::Network network{};
};

using MakeVerb = cli::Verb(const Program&);
MakeVerb init, balance, send, receive, quotes, tokens, reclaim, restore, pubkey;

inline std::vector<cli::Verb> verbs(const Program& program) {
    std::vector<cli::Verb> out;
    for (auto* make : {init, balance, send, receive, quotes, tokens, reclaim, restore, pubkey})
        out.push_back(make(program));
    return out;
}

}  // namespace hp::hp_wallet
