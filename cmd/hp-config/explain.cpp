#include <cstdio>
#include <nlohmann/json.hpp>

#include "config/declared.hpp"
#include "config/documentation.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

struct ExplainOptions {
    std::string key;
    bool json{false};
};

/// KEY, or FILE:KEY if several files have a key of that name.
std::vector<const config::Key*> find(const std::string& name, std::vector<std::string>& known) {
    std::vector<const config::Key*> out;
    for (const auto& file : config::declared()) {
        for (const auto& key : file.keys) {
            known.push_back(key.name);
            if (name == key.name || name == file.file + ":" + key.name) out.push_back(&key);
        }
    }
    return out;
}

Result<> run_explain(const ExplainOptions& options) {
    std::vector<std::string> known;
    const auto keys = find(options.key, known);
    if (keys.empty())
        return fail(Errc::usage, "there is no key '" + options.key + "'",
                    "did you mean " + config::nearest(options.key, known) + "?");
    bool is_first = true;
    for (const config::Key* key : keys) {
        const auto facts = config::facts_of(*key);
        if (options.json) {
            nlohmann::ordered_json out;
            for (const auto& [name, text] : facts) out[name] = text;
            std::printf("%s\n", out.dump().c_str());
            continue;
        }
        if (!is_first) std::printf("\n");
        is_first = false;
        for (const auto& [name, text] : facts) std::printf("%-9s %s\n", name.c_str(), text.c_str());
    }
    return {};
}

}  // namespace

cli::Verb explain() {
    return {
        .name = "explain",
        .summary = "say all that is known of a key",
        .examples = {"hp-config explain shares_per_minute", "hp-config explain shared/pool.toml:unit --json"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<ExplainOptions>();
            add.text("KEY", options->key, "its name, or FILE:KEY where several files have it").required();
            add.json(options->json, "print one JSON object a line");
            return [options] { return run_explain(*options); };
        },
    };
}

}  // namespace hp::hp_config
