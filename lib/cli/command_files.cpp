// A program's configuration: its files, with the variables and flags that stand over them.
#include <filesystem>

#include "cli/command.hpp"
#include "cli/output.hpp"
#include "cli/secrets.hpp"
#include "cli/variables.hpp"

namespace hp::cli {

std::unique_ptr<config::Loader> Command::make_loader() const {
    std::map<std::string, std::string> overrides;
    for (const auto& flag : flags_)
        if (flag->given) overrides[flag->key.flag().substr(2)] = flag->value;
    auto environment = hashpool_environment();
    for (const auto& [variable, shortcut] : shortcuts_) environment[variable] = shortcut.value;
    auto out = std::make_unique<config::Loader>(config_dir_, std::move(overrides), std::move(environment),
                                                config_dir_given_
                                                    ? config::Loader::MissingFile::refused
                                                    : config::Loader::MissingFile::optional_when_complete);
    for (const auto& [variable, shortcut] : shortcuts_) out->call_variable(variable, shortcut.flag);
    out->only_for({about_.name});
    return out;
}

std::optional<int> Command::load(Needs needs) {
    if (config_dir_.empty()) {
        const auto named = config_dir_variable();
        if (!named) return report(named.error());
        config_dir_ = named->value_or("");
    }
    config_dir_given_ = !config_dir_.empty();
    std::error_code ignored;
    config_dir_ = std::filesystem::absolute(config_dir_given_ ? config_dir_ : default_dir_, ignored)
                      .lexically_normal()
                      .string();
    loader_ = make_loader();
    load_own_(*loader_);
    if (needs == Needs::everything) load_shared_(*loader_);
    const auto& problems = loader_->problems();
    if (problems.empty()) return std::nullopt;
    std::string all;
    for (const auto& problem : problems) all += problem.text() + "\n";
    last_words(all);
    const std::string count =
        problems.size() == 1 ? "1 problem" : std::to_string(problems.size()) + " problems";
    const bool is_missing = !config_dir_given_ && !std::filesystem::exists(config_dir_ + "/shared", ignored);
    return report(
        {Errc::usage, "the configuration has " + count,
         is_missing && !missing_hint_.empty()
             ? missing_hint_
             : "'hp-config check " + config_dir_ + "' reads all files, 'man 5 hp-config' explains the keys"},
        problems.front().text());
}

std::string Command::given(std::string_view flag) const {
    for (const auto& one : flags_)
        if (one->given && one->key.flag().substr(2) == flag) return one->value;
    return {};
}

std::string Command::resolve(const std::string& path) const {
    HP_ASSERT(loader_ != nullptr);
    return loader_->resolve(path);
}

std::string Command::resolve_secret(const std::string& path) const {
    return handed_secret(resolve(path), config_dir_);
}

std::string Command::resolve_records(const std::string& place) const {
    constexpr std::string_view kUnix = "unix:";
    if (place.empty() || place == "-" || place.find("://") != place.npos) return place;
    if (place.starts_with(kUnix)) return std::string(kUnix) + resolve(place.substr(kUnix.size()));
    return resolve(place);
}

Error Command::wrong_value(std::string_view file, std::string_view key, const std::string& what,
                           std::string hint) const {
    const auto one = std::ranges::find_if(
        shown(), [&](const config::Shown& at) { return at.file == file && at.key == key; });
    HP_ASSERT(one != shown().end());
    const auto& place = one->origin == "default" ? one->path : one->origin;
    // A flag or variable has the name of its key.
    const bool is_file = place.starts_with(one->path);
    return {Errc::usage, place + ": " + (is_file ? std::string(key) + ": " : "") + what, std::move(hint)};
}

const std::vector<config::Shown>& Command::shown() const {
    HP_ASSERT(loader_ != nullptr);
    return loader_->shown();
}

}  // namespace hp::cli
