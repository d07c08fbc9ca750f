#include "cli/listing.hpp"

#include <CLI/CLI.hpp>

namespace hp::cli {
namespace {

std::string first_line(std::string text) { return text.substr(0, text.find('\n')); }

const char* kind_of(const CLI::Option& option) {
    return option.get_items_expected_max() > 0 && option.get_type_size_max() > 0 ? "value" : "flag";
}

void list_own(const CLI::App& app, std::string& out) {
    for (const CLI::Option* option : app.get_options()) {
        if (option->get_group().empty()) continue;
        for (const auto& name : option->get_lnames()) {
            out +=
                "--" + name + "\t" + kind_of(*option) + "\t" + first_line(option->get_description()) + "\n";
        }
    }
}

}  // namespace

std::string list_options(const CLI::App& app) {
    std::string out;
    for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (sub->get_group().empty()) continue;
        out += sub->get_name() + "\tcommand\t" + first_line(sub->get_description()) + "\n";
    }
    list_own(app, out);
    // The program's own options may follow a subcommand too.
    if (app.get_parent() != nullptr && app.get_fallthrough()) {
        for (const CLI::Option* option : app.get_parent()->get_options()) {
            for (const auto& name : option->get_lnames()) {
                const bool own = app.get_option_no_throw("--" + name) != nullptr;
                if (own || option->get_group().empty() || name == "version") continue;
                out += "--" + name + "\t" + kind_of(*option) + "\t" + first_line(option->get_description()) +
                       "\n";
            }
        }
    }
    return out;
}

}  // namespace hp::cli
