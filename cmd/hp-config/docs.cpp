#include "config/documentation.hpp"

#include <cstdio>

#include "verbs.hpp"

namespace hp::hp_config {

Result<> docs(const DocsOptions& options) {
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

}  // namespace hp::hp_config
