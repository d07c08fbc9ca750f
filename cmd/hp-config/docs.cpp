#include "config/documentation.hpp"

#include <cstdio>

#include "verbs.hpp"

namespace hp::hp_config {
namespace {

struct DocsOptions {
    bool man5{false};
    std::string example;  ///< "pool.toml"
};

Result<> run_docs(const DocsOptions& options) {
    if (options.man5) {
        std::fputs(config::man_page_of_keys().c_str(), stdout);
        return {};
    }
    std::vector<std::string> names;
    for (const auto& file : config::declared()) {
        names.push_back(file.file);
        if (options.example.empty()) std::printf("%s\n", file.file.c_str());
        if (file.file == options.example) {
            std::fputs(config::example_file(file).c_str(), stdout);
            return {};
        }
    }
    if (options.example.empty()) return {};
    return fail(Errc::usage, "there is no file '" + options.example + "'",
                "did you mean " + config::nearest(options.example, names) + "?");
}

}  // namespace

cli::Verb docs() {
    return {
        .name = "docs",
        .summary = "print documentation made from the declarations of the keys",
        .examples = {"hp-config docs --man5", "hp-config docs --example pool.toml"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<DocsOptions>();
            add.flag("--man5", options->man5, "hp-config(5), for scdoc");
            add.text("--example", options->example, "a commented example file [lists the files]")
                .value_name("FILE");
            return [options] { return run_docs(*options); };
        },
    };
}

}  // namespace hp::hp_config
