// Two directories key by key: diff says what is another value, plan says which services must start again for
// it.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "cli/secrets.hpp"
#include "setup.hpp"
#include "verbs.hpp"

namespace hp::hp_config {
namespace {

struct Change {
    const config::Key* key;
    std::string before, after;  ///< TOML; both empty where a secret file holds something else
};

std::string secret_of(const Setup& setup, const std::string& toml_value) {
    const auto text = nlohmann::json::parse(toml_value).get<std::string>();
    if (text.empty()) return {};
    const auto secret = cli::read_secret_text(setup.resolve(text));
    return secret ? secret->reveal() : std::string{};
}

std::vector<Change> changes(const Setup& a, const Setup& b) {
    HP_ASSERT(a.shown.size() == b.shown.size());
    std::vector<Change> out;
    for (std::size_t i = 0; i < a.shown.size(); ++i) {
        const auto& before = a.shown[i];
        const auto& after = b.shown[i];
        const config::Key* key = config::find_key(before.file, before.key);
        if (before.value != after.value) {
            out.push_back({key, before.value, after.value});
        } else if (key->rule.kind == config::Rule::Kind::secret_file &&
                   secret_of(a, before.value) != secret_of(b, after.value)) {
            out.push_back({key, {}, {}});
        }
    }
    return out;
}

/// What is not understood cannot be compared.
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
        change.before.empty() ? "the file holds another secret" : change.before + " -> " + change.after;
    std::printf("%s%s: %s: %s\n", indent, change.key->file.c_str(), change.key->name.c_str(), what.c_str());
}

void print_line(const nlohmann::ordered_json& line) {
    std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

}  // namespace

Result<bool> diff(const CompareOptions& options) {
    HP_TRY(const auto a, read_good(options.before, options.tools, false));
    HP_TRY(const auto b, read_good(options.after, options.tools, false));
    const auto found = changes(*a, *b);
    for (const Change& change : found) options.json ? print_line(to_json(change)) : print(change, "");
    return !found.empty();
}

Result<> plan(const CompareOptions& options) {
    HP_TRY(const auto a, read_good(options.before, options.tools, false));
    HP_TRY(const auto b, read_good(options.after, options.tools, true));
    const auto found = changes(*a, *b);
    for (const auto& program : config::programs()) {
        if (!program.is_service) continue;
        bool is_named = false;
        for (const Change& change : found) {
            const auto users = config::users_of(*change.key);
            if (std::ranges::find(users, program.name) == users.end()) continue;
            if (options.json) {
                nlohmann::ordered_json line = {{"restart", program.name}};
                line.update(to_json(change));
                print_line(line);
                continue;
            }
            if (!is_named) std::printf("restart %s\n", program.name.c_str());
            is_named = true;
            print(change, "  ");
        }
    }
    return {};
}

}  // namespace hp::hp_config
