// The verbs of hp-stats, in the order of --help; each is one file.
#pragma once
#include "cli/command.hpp"

namespace hp::hp_stats {

/// What the verbs share.
struct Program {
    cli::Command& command;
    config::Stats stats{};
    config::Network network{};
};

using MakeVerb = cli::Verb(const Program&);
MakeVerb ingest, show, at, history, top, latency, check, truth, certify, audit, serve, schema;

inline std::vector<cli::Verb> verbs(const Program& program) {
    std::vector<cli::Verb> out;
    for (auto* make : {ingest, show, at, history, top, latency, check, truth, certify, audit, serve, schema})
        out.push_back(make(program));
    return out;
}

}  // namespace hp::hp_stats
