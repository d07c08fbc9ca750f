// Compares two directories key by key: diff shows differing values, plan the services that must restart.
#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "cli/secrets.hpp"
#include "config/roles.hpp"
#include "directory.hpp"
#include "setup.hpp"
#include "units.hpp"

namespace hp::hp_config {
namespace {

struct CompareOptions {
    std::string before, after;  ///< directories
    std::vector<std::string> tools;
    bool json{false};
};

struct Change {
    const config::Key* key;
    std::string before, after;  ///< TOML; both empty if a secret file's content differs
    bool is_in_files{true};     ///< neither came from a variable, whose changes a running service does not
                                ///< see
};

std::string secret_of(const Setup& setup, const std::string& toml_value) {
    const auto text = nlohmann::json::parse(toml_value).get<std::string>();
    if (text.empty()) return {};
    const auto secret = cli::read_secret_text(setup.resolve(text));
    return secret ? secret->reveal() : std::string{};
}

std::vector<Change> changes(const Setup& a, const Setup& b) {
    std::vector<Change> out;
    for (const auto& before : a.shown) {
        // A machine with other roles has other files.
        const auto same = std::ranges::find_if(b.shown, [&](const config::Shown& one) {
            return one.file == before.file && one.key == before.key;
        });
        if (same == b.shown.end()) continue;
        const auto& after = *same;
        const config::Key* key = config::find_key(before.file, before.key);
        if (before.value != after.value) {
            const auto is_variable = [](const config::Shown& one) {
                return one.origin != "default" && !one.origin.starts_with(one.path);
            };
            out.push_back({key, before.value, after.value, !is_variable(before) && !is_variable(after)});
        } else if (key->rule.kind == config::Rule::Kind::secret_file &&
                   secret_of(a, before.value) != secret_of(b, after.value)) {
            out.push_back({key, {}, {}});
        }
    }
    return out;
}

/// Services that only one of the two machines has.
std::vector<std::string> services_gone(const Setup& from, const Setup& to) {
    std::vector<std::string> out;
    const auto there = config::programs_of(to.roles);
    for (const auto& program : config::programs()) {
        const auto here = config::programs_of(from.roles);
        if (program.is_service && std::ranges::find(here, program.name) != here.end() &&
            std::ranges::find(there, program.name) == there.end())
            out.push_back(program.name);
    }
    return out;
}

/// What does not parse cannot be compared.
Result<std::unique_ptr<Setup>> read_good(const std::string& dir, const std::vector<std::string>& tools,
                                         bool across) {
    HP_TRY(auto setup, read_setup(dir, tools));
    if (across) check_across(*setup);
    if (!setup->is_wrong()) return setup;
    for (const auto& one : setup->findings) std::fprintf(stderr, "%s\n", one.problem.text().c_str());
    return fail(Errc::usage, "'" + setup->dir + "' has problems", "'hp-config check " + setup->dir + "'");
}

nlohmann::ordered_json to_json(const Change& change) {
    nlohmann::ordered_json out = {{"file", change.key->file}, {"key", change.key->name}};
    if (change.before.empty()) {
        out["secret"] = "differs";
    } else {
        out["before"] = nlohmann::json::parse(change.before);
        out["after"] = nlohmann::json::parse(change.after);
    }
    return out;
}

void print(const Change& change, const char* indent) {
    const std::string what =
        change.before.empty() ? "the file has another secret" : change.before + " -> " + change.after;
    std::printf("%s%s: %s: %s\n", indent, change.key->file.c_str(), change.key->name.c_str(), what.c_str());
}

void print_line(const nlohmann::ordered_json& line) {
    std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

Result<int> run_diff(const CompareOptions& options) {
    HP_TRY(const auto a, read_good(options.before, options.tools, false));
    HP_TRY(const auto b, read_good(options.after, options.tools, false));
    const auto found = changes(*a, *b);
    for (const Change& change : found) options.json ? print_line(to_json(change)) : print(change, "");
    return found.empty() ? 0 : 1;
}

Result<> run_plan(const CompareOptions& options) {
    HP_TRY(const auto a, read_good(options.before, options.tools, false));
    HP_TRY(const auto b, read_good(options.after, options.tools, true));
    const auto found = changes(*a, *b);
    for (const auto& [what, gone] :
         {std::pair{"stop", services_gone(*a, *b)}, std::pair{"start", services_gone(*b, *a)}})
        for (const auto& program : gone)
            options.json ? print_line({{what, program}})
                         : (void)std::printf("%s %s\n", what, program.c_str());
    const auto here = config::programs_of(b->roles);
    std::map<std::string, std::string> units;  // by action
    const auto suffix = unit_suffix(a->dir) ? unit_suffix(a->dir) : unit_suffix(b->dir);
    for (const auto& program : config::programs()) {
        if (!program.is_service || std::ranges::find(here, program.name) == here.end()) continue;
        std::vector<const Change*> concern;
        for (const Change& change : found) {
            const auto users = config::users_of(*change.key);
            if (std::ranges::find(users, program.name) != users.end()) concern.push_back(&change);
        }
        if (concern.empty()) continue;
        const bool is_reload = std::ranges::all_of(
            concern, [](const Change* one) { return one->is_in_files && config::is_reloaded(*one->key); });
        const std::string what = is_reload ? "reload" : "restart";
        for (const auto& unit : units_of(program.name, suffix)) units[what] += " " + unit;
        if (!options.json) std::printf("%s %s\n", what.c_str(), program.name.c_str());
        for (const Change* change : concern) {
            if (!options.json) {
                print(*change, "  ");
                continue;
            }
            nlohmann::ordered_json line = {{what, program.name}};
            line.update(to_json(*change));
            line["units"] = units_of(program.name, suffix);
            print_line(line);
        }
    }
    if (options.json) return {};
    // Only running ones: a machine has only the units of its own side.
    for (const auto& [what, names] : units)
        std::printf("\nsystemctl %s%s", what == "reload" ? "try-reload-or-restart" : "try-restart",
                    names.c_str());
    if (!units.empty()) std::printf("\n");
    return {};
}

/// With --config-dir the only word is AFTER.
Result<> take_both(Directory& before, CompareOptions& out) {
    if (before.has_option() && out.after.empty()) out.after = before.take_word();
    HP_TRY(out.before, before.given());
    if (!out.after.empty()) return {};
    return fail(Errc::usage, "AFTER is required", "'hp-config diff BEFORE AFTER' compares two directories");
}

/// What the services run with may be left out only where they are.
Result<> take_running(const Directory& running, CompareOptions& out) {
    HP_TRY(out.before, running.usual());
    if (std::error_code ignored; running.is_given() || std::filesystem::is_directory(out.before, ignored))
        return {};
    return fail(Errc::usage, "'" + out.before + "', which services run with by default, is not a directory",
                "'hp-config plan NEW DIR': NEW has the new files, DIR those that the services run with");
}

}  // namespace

cli::Verb diff() {
    return {
        .name = "diff",
        .summary = "print the keys whose values differ; ends with 1 if any does",
        .examples = {"hp-config diff /etc/hashpool ./new", "hp-config diff a b --json"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto before = std::make_shared<Directory>("BEFORE");
            auto options = std::make_shared<CompareOptions>();
            before->add(add, "configuration directory").required();
            add.text("AFTER", options->after, "the one to compare with it [required]");
            before->add_option(add, false);
            add_for(add, options->tools);
            add.json(options->json, "print one JSON object a line");
            return [before, options]() -> Result<int> {
                HP_DO(take_both(*before, *options));
                return run_diff(*options);
            };
        },
    };
}

cli::Verb plan() {
    return {
        .name = "plan",
        .summary = "say which services must start again to go to other files",
        .examples = {"hp-config plan ./new", "hp-config plan ./new /etc/hashpool --json"},
        .declare = [](cli::Options& add) -> cli::Action {
            auto running = std::make_shared<Directory>();
            auto options = std::make_shared<CompareOptions>();
            add.text("NEW", options->after, "directory with the new files; they must pass check").required();
            add_usual_directory(add, *running, "directory that the services run with [/etc/hashpool]");
            add_for(add, options->tools);
            add.json(options->json, "print one JSON object a line");
            return [running, options]() -> Result<> {
                HP_DO(take_running(*running, *options));
                return run_plan(*options);
            };
        },
    };
}

}  // namespace hp::hp_config
