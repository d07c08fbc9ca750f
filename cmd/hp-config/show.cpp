#include <cstdio>
#include <nlohmann/json.hpp>

#include "directory.hpp"
#include "setup.hpp"

namespace hp::hp_config {
namespace {

struct ShowOptions {
    std::string dir;
    std::vector<std::string> tools;
    bool json{false}, origin{false};
};

Result<> run_show(const ShowOptions& options) {
    HP_TRY(const auto setup, read_setup(options.dir, options.tools));
    std::string file;
    for (const auto& one : setup->shown) {
        if (options.json) {
            // Our TOML values are also valid JSON.
            const nlohmann::ordered_json line = {{"file", one.file},
                                                 {"key", one.key},
                                                 {"value", nlohmann::json::parse(one.value)},
                                                 {"origin", one.origin}};
            std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
            continue;
        }
        if (file != one.file) std::printf("%s# %s\n", file.empty() ? "" : "\n", one.file.c_str());
        file = one.file;
        const std::string origin = options.origin ? "  # " + one.origin : "";
        std::printf("%s = %s%s\n", one.key.c_str(), one.value.c_str(), origin.c_str());
    }
    std::fflush(stdout);
    for (const auto& one : setup->findings) std::fprintf(stderr, "%s\n", one.problem.text().c_str());
    if (!setup->is_wrong()) return {};
    return fail(Errc::usage, "'" + setup->dir + "' has problems; affected keys show their defaults",
                "'hp-config check " + setup->dir + "' shows them");
}

}  // namespace

cli::Verb show() {
    return {
        .name = "show",
        .summary = "print all values, with --origin where each came from",
        .examples = {"hp-config show ./demo --origin", "hp-config show ./demo --json"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto directory = std::make_shared<Directory>();
            auto options = std::make_shared<ShowOptions>();
            add_usual_directory(add, *directory);
            add_for(add, options->tools);
            add.json(options->json, "print JSON");
            add.flag("--origin", options->origin, "say where each value came from");
            return [directory, options]() -> Result<> {
                HP_TRY(options->dir, directory->usual());
                return run_show(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
