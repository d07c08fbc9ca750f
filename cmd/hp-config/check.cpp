#include <cstdio>
#include <nlohmann/json.hpp>

#include "directory.hpp"
#include "setup.hpp"

namespace hp::hp_config {
namespace {

struct ReadOptions {
    std::string dir;
    std::vector<std::string> tools, roles;
    bool json{false};
};

void print(const Setup& setup) {
    for (const auto& one : setup.findings) std::fprintf(stderr, "%s\n", one.problem.text().c_str());
}

void print_json(const Setup& setup) {
    nlohmann::ordered_json out;
    out["ok"] = !setup.is_wrong();
    out["dir"] = setup.dir;
    out["roles"] = setup.roles;
    out["files"] = nlohmann::json::array();
    for (const auto& file : config::declared()) {
        if (setup.has(file.file)) out["files"].push_back(file.file);
    }
    out["findings"] = nlohmann::json::array();
    for (const auto& one : setup.findings) {
        out["findings"].push_back({{"severity", one.is_warning ? "warning" : "error"},
                                   {"file", one.problem.file},
                                   {"line", one.problem.line},
                                   {"column", one.problem.column},
                                   {"key", one.problem.key},
                                   {"what", one.problem.what}});
    }
    std::printf("%s\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

Result<> run_check(const ReadOptions& options) {
    HP_TRY(const auto setup, read_setup(options.dir, options.tools, options.roles));
    check_across(*setup);
    options.json ? print_json(*setup) : print(*setup);
    if (!setup->is_wrong()) return {};
    std::size_t wrong = 0;
    for (const auto& one : setup->findings) wrong += !one.is_warning;
    const auto& first = setup->findings.front().problem;
    const bool needs_mint =
        wrong == 1 && first.key == "allowed_mint_keys" && setup->values.pool.allowed_mint_keys.empty();
    return fail(Errc::usage,
                "'" + setup->dir + "' has " + std::to_string(wrong) + (wrong == 1 ? " problem" : " problems"),
                needs_mint ? "'hp-config add-mint NAME --key KEY' lets a mint serve this pool"
                           : "'man 5 hp-config' explains the keys");
}

}  // namespace

cli::Verb check() {
    return {
        .name = "check",
        .summary = "read all files as the programs do, and compare them",
        .examples = {"hp-config check ./demo", "hp-config check --for hp-pool"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto directory = std::make_shared<Directory>();
            auto options = std::make_shared<ReadOptions>();
            add_usual_directory(add, *directory);
            add_for(add, options->tools);
            add.json(options->json, "print JSON");
            add_roles(add, options->roles,
                      "only the files of what this machine does, instead of what roles says");
            return [directory, options]() -> Result<> {
                HP_TRY(options->dir, directory->usual());
                return run_check(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
