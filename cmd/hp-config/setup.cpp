#include "setup.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <sstream>

#include "base/bytes.hpp"
#include "cli/new_directory.hpp"
#include "cli/variables.hpp"
#include "config/parse.hpp"
#include "config/roles.hpp"

namespace hp::hp_config {
namespace {

/// The programs' own variables, besides those of keys.
bool is_program_variable(const std::string& name) {
    return name == "HP_LOG_LEVEL" || name == "HP_LOG_FILE" || name == "HP_LOG_FORMAT" ||
           name == "HP_CONFIG_DIR";
}

struct Variable {
    std::string value;
    int line;
};

/// Checks the name against all keys, and reports when two tools would share one value by accident.
void check_variable(Setup& setup, const std::string& path, const std::string& name, int line) {
    if (is_program_variable(name)) return;
    std::vector<std::string> files, known;
    for (const auto& file : config::declared()) {
        for (const auto& key : file.keys) {
            known.push_back(key.variable());
            if (known.back() == name) files.push_back(file.file);
        }
    }
    if (files.empty()) {
        setup.findings.push_back(
            {{path, line, 1, printable(name, 64),
              "unknown variable, the nearest known one is " + config::nearest(name, known)},
             false});
    } else if (files.size() > 1) {
        std::string where;
        for (const auto& file : files) where += (where.empty() ? "" : ", ") + file;
        setup.findings.push_back(
            {{path, line, 1, name, "one value for a key of several files (" + where + ")"}, true});
    }
}

/// systemd's EnvironmentFile, as far as needed here: NAME=VALUE, comments, quotes around a value.
std::map<std::string, Variable> read_environment_file(Setup& setup) {
    const std::string path = setup.dir + "/hashpool.env";
    std::map<std::string, Variable> out;
    if (::access(path.c_str(), F_OK) != 0) return out;
    const auto text = config::read_config_file(path);
    if (!text) {
        setup.findings.push_back({{.file = path, .key = {}, .what = text.error().what}, false});
        return out;
    }
    std::istringstream lines{*text};
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
        if (line.empty() || line[0] == '#' || line[0] == ';') continue;
        const auto equals = line.find('=');
        if (equals == std::string::npos || equals == 0) {
            setup.findings.push_back({{path, number, 1, "", "is not NAME=VALUE"}, false});
            continue;
        }
        const std::string name = line.substr(0, equals);
        std::string value = line.substr(equals + 1);
        if (value.size() >= 2 && (value[0] == '"' || value[0] == '\'') && value.back() == value[0]) {
            value = value.substr(1, value.size() - 2);
        }
        if (!name.starts_with("HP_")) continue;
        check_variable(setup, path, name, number);
        // systemd starts services in /.
        for (const auto& file : config::declared())
            for (const auto& key : file.keys)
                if (key.variable() == name) value = config::anchored(key.rule, value, "/");
        out[name] = {std::move(value), number};
    }
    return out;
}

}  // namespace

const std::vector<std::string>& known_tools() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> out;
        for (const auto& program : config::programs()) out.push_back(program.name);
        return out;
    }();
    return names;
}

std::string Setup::resolve(const std::string& path) const {
    return path.empty() ? path : (std::filesystem::path(dir) / path).lexically_normal().string();
}

void Setup::add(std::string_view file, std::string_view key, std::string what, bool is_warning) {
    const auto at = std::find_if(shown.begin(), shown.end(),
                                 [&](const auto& one) { return one.file == file && one.key == key; });
    HP_ASSERT(at != shown.end());
    // If the file or the key is already wrong, the value is only the default, and further findings would
    // mislead.
    const bool is_known = std::any_of(findings.begin(), findings.end(), [&](const Finding& one) {
        return !one.is_warning && one.problem.file == at->path &&
               (one.problem.key.empty() || one.problem.key == key);
    });
    if (is_known) return;
    config::Problem problem{.file = at->path,
                            .line = at->line,
                            .column = at->column,
                            .key = std::string(key),
                            .what = std::move(what)};
    if (at->origin != "default" && !at->origin.starts_with(at->path)) {
        // A variable took effect; the place in the file would mislead.
        problem.file = at->origin;
        problem.line = 0;
    }
    if (is_warning) problem.what = "warning: " + problem.what;
    findings.push_back({std::move(problem), is_warning});
}

bool Setup::is_wrong() const {
    return std::any_of(findings.begin(), findings.end(), [](const auto& one) { return !one.is_warning; });
}

Result<std::unique_ptr<Setup>> read_setup(const std::string& dir, const std::vector<std::string>& tools,
                                          const std::vector<std::string>& roles) {
    auto setup = std::make_unique<Setup>();
    std::error_code error;
    setup->dir = std::filesystem::absolute(dir, error).lexically_normal().string();
    while (setup->dir.size() > 1 && setup->dir.ends_with('/')) setup->dir.pop_back();
    if (!std::filesystem::is_directory(setup->dir, error)) {
        return fail(Errc::usage, "'" + setup->dir + "' is not a directory that can be read",
                    "'hp-config init " + setup->dir + " --network sim' creates one");
    }
    if (const std::string begun = setup->dir + "/" + cli::kBegunFile; std::filesystem::exists(begun, error))
        setup->findings.push_back(
            {{.file = begun, .key = {}, .what = "an init was interrupted, repeat 'hp-config init'"}, false});
    const auto from_file = read_environment_file(*setup);
    auto environment = cli::hashpool_environment();
    for (const auto& [name, variable] : from_file) environment.try_emplace(name, variable.value);
    const auto process = cli::hashpool_environment();

    config::Loader loader{setup->dir, {}, environment};
    loader.load(setup->values.network);
    setup->roles = roles.empty() ? setup->values.network.roles : roles;
    const auto chosen = tools.empty() ? config::programs_of(setup->roles) : tools;
    loader.only_for(chosen);
    for (const auto& file : config::declared())
        if (config::is_read_by(file.file, chosen)) setup->files.insert(file.file);
    setup->values.each([&](auto& one) {
        if (one.file != config::Network::file && setup->has(one.file)) loader.load(one);
    });
    // For a variable in hashpool.env, name its line.
    const auto place = [&](std::string& origin) -> int {
        const auto found = from_file.find(origin);
        if (found == from_file.end() || process.contains(origin)) return 0;
        origin = setup->dir + "/hashpool.env";
        return found->second.line;
    };
    for (config::Problem problem : loader.problems()) {
        const std::string name = problem.file;
        if (const int line = place(problem.file); line > 0) {
            problem.line = line;
            problem.column = 1;
            problem.key = name;
        }
        setup->findings.push_back({std::move(problem), false});
    }
    for (config::Shown one : loader.shown()) {
        if (const int line = place(one.origin); line > 0) one.origin += ":" + std::to_string(line) + ":1";
        setup->shown.push_back(std::move(one));
    }
    return setup;
}

}  // namespace hp::hp_config
