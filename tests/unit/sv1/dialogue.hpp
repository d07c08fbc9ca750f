// Recorded dialogues: tests/vectors/sv1/*.jsonl, one {"from", "line"} a line.
#pragma once
#include "vectors.hpp"

namespace hp::test {

struct DialogueLine {
    bool from_client;
    std::string line;
};

inline std::vector<DialogueLine> read_dialogue(const std::string& name) {
    std::ifstream in(vectors_dir() + "/sv1/" + name);
    REQUIRE_MESSAGE(in.good(), "missing dialogue: " << name);
    std::vector<DialogueLine> out;
    for (std::string text; std::getline(in, text);) {
        const Json json = Json::parse(text, nullptr, false);
        REQUIRE_MESSAGE(!json.is_discarded(), "not JSON: " << name << ":" << out.size() + 1);
        out.push_back({json.at("from") == "client", json.at("line").get<std::string>()});
    }
    REQUIRE_MESSAGE(!out.empty(), "empty dialogue: " << name);
    return out;
}

}  // namespace hp::test
