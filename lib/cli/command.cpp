#include "cli/command.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <new>

#include "base/bytes.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "cli/secrets.hpp"
#include "config/declared.hpp"
#include "log/log.hpp"

namespace hp::cli {
namespace {

constexpr const char* kConfigGroup = "Configuration (flag > HP_* variable > file > default)";

constexpr const char* kLogGroup = "Log (flag > HP_* variable > default)";

constexpr const char* kDefaultConfigDir = "/etc/hashpool";

std::string footer(const std::vector<std::string>& examples) {
    std::string out;
    for (const auto& example : examples) out += "\n  $ " + example;
    return out.empty() ? out : "Examples:" + out;
}

/// CLI11's messages begin with a capital letter; ours do not.
std::string lower_first(std::string text) {
    if (text.size() > 1 && text[0] >= 'A' && text[0] <= 'Z' && !(text[1] >= 'A' && text[1] <= 'Z')) {
        text[0] = static_cast<char>(text[0] - 'A' + 'a');
    }
    return text;
}

void add_list_option(CLI::App& app) {
    app.add_flag_callback(
           "--list-options",
           [&app] {
               std::fputs(list_options(app).c_str(), stdout);
               throw CLI::Success{};
           },
           "list the options one per line, for shell completions")
        ->group("");
}

void lay_out(CLI::App& app) {
    app.get_formatter()->column_width(36);
    app.get_formatter()->label("OPTIONS", "OPTION");
    app.set_help_flag("-h,--help", "print this help and exit");
    add_list_option(app);
}

/// Nothing if it is not set; an error if it is empty.
Result<std::optional<std::string>> variable(const char* name) {
    const char* value = std::getenv(name);
    if (value == nullptr) return std::nullopt;
    if (*value == '\0') return fail(Errc::usage, std::string(name) + ": expected a value, got an empty one");
    return std::optional<std::string>{value};
}

/// CLI11 takes the next word as the value of "--name=": split it into two words, the second empty.
std::vector<std::string> words_of(int argc, char** argv) {
    std::vector<std::string> out;
    bool is_option = true;
    for (int i = 1; i < argc; ++i) {
        std::string word = argv[i];
        if (word == "--") is_option = false;
        const bool is_split =
            is_option && word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1;
        if (is_split) word.pop_back();
        out.push_back(std::move(word));
        if (is_split) out.emplace_back();
    }
    return out;
}

/// "Could not convert: --limit = abc" describes CLI11's work, not the user's mistake.
std::string plain_words(const std::string& message) {
    constexpr std::string_view kConvert = "Could not convert: ";
    const auto equals = message.find(" = ");
    if (!message.starts_with(kConvert) || equals == std::string::npos) return lower_first(message);
    return message.substr(kConvert.size(), equals - kConvert.size()) + ": expected a number, got '" +
           message.substr(equals + 3) + "'";
}

/// The innermost subcommand called.
const CLI::App& called(const CLI::App& app) {
    const auto chosen = app.get_subcommands();
    return chosen.empty() ? app : called(*chosen.front());
}

/// "hp-pool --pool-lisen" should suggest --pool-listen.
std::string near_option(const CLI::App& app, const std::string& message) {
    const auto dashes = message.find("--");
    if (dashes == std::string::npos) return {};
    const std::string word = message.substr(dashes, message.find_first_of(" =,", dashes) - dashes);
    std::vector<std::string> known;
    for (const CLI::App* at = &called(app); at != nullptr; at = at->get_parent()) {
        for (const CLI::Option* option : at->get_options()) {
            for (const auto& name : option->get_lnames()) {
                if (!option->get_group().empty()) known.push_back("--" + name);
            }
        }
    }
    const std::string best = config::nearest(word, known);
    return config::edit_distance(word, best) <= 3 ? best : std::string{};
}

}  // namespace

std::map<std::string, std::string> hashpool_environment() {
    std::map<std::string, std::string> out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text = *entry;
        const auto equals = text.find('=');
        if (text.starts_with("HP_") && equals != std::string_view::npos) {
            out[std::string(text.substr(0, equals))] = std::string(text.substr(equals + 1));
        }
    }
    return out;
}

Result<std::optional<std::string>> config_dir_variable() { return variable("HP_CONFIG_DIR"); }

Result<std::string> usual_config_dir() {
    HP_TRY(auto named, config_dir_variable());
    if (named) return *std::move(named);
    std::error_code ignored;
    return std::string(std::filesystem::is_directory(kDefaultConfigDir, ignored) ? kDefaultConfigDir : "");
}

Command::Command(About about)
    : about_{std::move(about)}, app_{std::make_unique<CLI::App>(about_.summary, about_.name)} {
    lay_out(*app_);
    app_->set_version_flag("-V,--version",
                           about_.name + " " HP_VERSION "\nMIT license, Hashpool contributors",
                           "print the version and exit");
    app_->footer(footer(about_.examples));
    app_->fallthrough();
}
Command::~Command() = default;

CLI::App& Command::app() { return *app_; }

CLI::App& Command::subcommand(const std::string& name, const std::string& summary,
                              std::vector<std::string> examples) {
    CLI::App* sub = app_->add_subcommand(name, summary);
    lay_out(*sub);
    sub->footer(footer(examples));
    sub->fallthrough();
    app_->require_subcommand(1);
    return *sub;
}

void Command::add_config_flags(const std::vector<config::Key>& keys) {
    const std::string own_file = keys.empty() ? "the tool's file" : keys.front().file;
    app_->add_option("--config-dir", config_dir_,
                     "configuration directory, or HP_CONFIG_DIR [" + std::string(kDefaultConfigDir) + "]")
        ->type_name("DIR")
        ->group(kConfigGroup);
    app_->add_option("--config", explicit_config_, "file to read instead of DIR/" + own_file)
        ->type_name("FILE")
        ->group(kConfigGroup);
    add_key_flags(keys);
}

void Command::add_log_flags() {
    log_ = &flag_log_;
    flag_log_ = {.level = {}, .file = {}, .format = {}};
    app_->add_option(
            "--log-level", flag_log_.level,
            "LEVEL for all modules, MODULE=LEVEL for one, separated by commas, or HP_LOG_LEVEL [info]")
        ->type_name("LEVELS")
        ->group(kLogGroup);
    app_->add_option("--log-file", flag_log_.file, "log file instead of stderr, or HP_LOG_FILE")
        ->type_name("PATH")
        ->group(kLogGroup);
    app_->add_option("--log-format", flag_log_.format, "text, json or logfmt, or HP_LOG_FORMAT [text]")
        ->type_name("FORMAT")
        ->group(kLogGroup);
}

void Command::add_key_flags(const std::vector<config::Key>& keys) {
    for (const auto& key : keys) {
        const auto& users = key.rule.users;
        if (!users.empty() && std::ranges::find(users, about_.name) == users.end()) continue;
        // Two structs of one program with the same key would share a flag and a variable.
        for (const auto& other : flags_) HP_ASSERT(other->key.name != key.name);
        auto& flag = *flags_.emplace_back(std::make_unique<Flag>(Flag{.key = key, .value = {}}));
        std::string text = key.doc;
        text += key.rule.required           ? " [required]"
                : key.is_empty_by_default() ? ""
                                            : " [" + key.default_text + "]";
        auto* option = app_->add_option_function<std::string>(
            key.flag(),
            [&flag](const std::string& value) {
                flag.value = value;
                flag.given = true;
            },
            text);
        option->type_name(key.value_name())->group("Keys of " + key.file);
        if (key.rule.may_be_empty) may_be_empty(option);
    }
}

Result<> Command::explain(int cli_code, const std::string& message) const {
    const CLI::App& at = called(*app_);
    const auto extra = app_->remaining();
    if (&at == app_.get() && !extra.empty() && !extra[0].starts_with('-')) {
        std::vector<std::string> known;
        for (const CLI::App* sub : app_->get_subcommands([](const CLI::App*) { return true; })) {
            known.push_back(sub->get_name());
        }
        const std::string near = config::nearest(extra[0], known);
        if (!known.empty()) {
            return fail(Errc::usage, "'" + printable(extra[0], 64) + "' is not a subcommand",
                        config::edit_distance(extra[0], near) <= 3 ? "did you mean " + near + "?"
                                                                   : "try '" + about_.name + " --help'");
        }
    }
    const bool is_unknown = cli_code == static_cast<int>(CLI::ExitCodes::ExtrasError);
    const std::string near = is_unknown ? near_option(*app_, message) : std::string{};
    const std::string how = at.get_parent() ? about_.name + " " + at.get_name() : about_.name;
    if (is_unknown && std::find(extra.begin(), extra.end(), "") != extra.end())
        return fail(Errc::usage, "an argument is empty", "try '" + how + " --help'");
    return fail(Errc::usage, log::one_line(plain_words(message)),
                near.empty() ? "try '" + how + " --help'" : "did you mean " + near + "?");
}

Result<> Command::check_empty(const CLI::App& app) const {
    for (const CLI::Option* option : app.get_options()) {
        const auto& given = option->results();
        const bool is_empty = std::find(given.begin(), given.end(), "") != given.end();
        const auto& name = option->get_envname();
        if (is_empty && !may_be_empty_.contains(option))
            return fail(Errc::usage, option->get_name() + ": expected a value, got an empty one",
                        "is a shell variable unset?");
        if (option->count() == 0 && !name.empty()) HP_DO(variable(name.c_str()));
    }
    for (const CLI::App* sub : app.get_subcommands()) HP_DO(check_empty(*sub));
    return {};
}

bool Command::parse(int argc, char** argv, int& exit_code) {
    try {
        auto words = words_of(argc, argv);
        std::reverse(words.begin(), words.end());  // CLI11 takes them from the end
        app_->parse(std::move(words));
        const auto checked = check_empty(*app_);
        exit_code = report(checked);
        return checked.has_value();
    } catch (const CLI::Success& request) {
        exit_code = app_->exit(request);
    } catch (const CLI::ParseError& e) {
        // Errors that follow from an empty value, and missing options, say less.
        const auto checked = check_empty(*app_);
        exit_code = report(checked ? explain(e.get_exit_code(), e.what()) : checked);
    }
    return false;
}

/// If the file's log_file is ignored, a flag or variable still counts.
std::string Command::log_file() const {
    if (log_ == &flag_log_) return flag_log_.file;
    const auto& all = shown();
    const bool is_given = std::any_of(all.begin(), all.end(), [](const config::Shown& one) {
        return one.key == "log_file" && (one.origin == "--log-file" || one.origin == "HP_LOG_FILE");
    });
    return is_given || is_service_() ? resolve(log_->file) : std::string{};
}

Result<> Command::open_log() {
    const auto or_variable = [](std::string& value, const char* name, const char* otherwise) -> Result<> {
        if (!value.empty()) return {};
        HP_TRY(const auto set, variable(name));
        value = set.value_or(otherwise);
        return {};
    };
    if (log_ == &flag_log_) {
        HP_DO(or_variable(flag_log_.level, "HP_LOG_LEVEL", "info"));
        HP_DO(or_variable(flag_log_.file, "HP_LOG_FILE", ""));
        HP_DO(or_variable(flag_log_.format, "HP_LOG_FORMAT", "text"));
    }
    HP_TRY(const auto levels, log::levels_from_text(log_->level));
    HP_TRY(const auto format, log::format_from_text(log_->format));
    HP_DO(log::open(about_.name, levels, log_file(), format));
    logs_to_file_ = !log_file().empty();
    return {};
}

void Command::reload_log() const {
    log::reopen();
    if (!reread_log_) return log::info("SIGHUP: log reopened");
    const auto loader = make_loader();
    const auto fresh = reread_log_(*loader);
    if (const auto& problems = loader->problems(); !problems.empty()) {
        log::error("log_level unchanged, the configuration has {} problems, the first: {}", problems.size(),
                   problems.front().text());
        return;
    }
    const auto levels = log::levels_from_text(fresh.level);
    if (!levels) return log::error("log_level unchanged: {}", levels.error().what);
    log::set_levels(*levels);
    log::info("SIGHUP: log reopened, log_level {}", fresh.level);
}

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

bool Command::load() {
    if (config_dir_.empty()) {
        const auto named = config_dir_variable();
        if (!named) {
            load_code_ = report(fail(named.error()));
            return false;
        }
        config_dir_ = named->value_or("");
    }
    config_dir_given_ = !config_dir_.empty();
    std::error_code ignored;
    config_dir_ = std::filesystem::absolute(config_dir_given_ ? config_dir_ : default_dir_, ignored)
                      .lexically_normal()
                      .string();
    loader_ = make_loader();
    load_(*loader_);
    const auto& problems = loader_->problems();
    if (problems.empty()) return true;
    std::string all;
    for (const auto& problem : problems) all += problem.text() + "\n";
    last_words(all);
    const std::string count =
        problems.size() == 1 ? "1 problem" : std::to_string(problems.size()) + " problems";
    const bool is_missing = !config_dir_given_ && !std::filesystem::exists(config_dir_ + "/shared", ignored);
    load_code_ = report(fail(Errc::usage, "the configuration has " + count,
                             is_missing && !missing_hint_.empty()
                                 ? missing_hint_
                                 : "'hp-config check " + config_dir_ +
                                       "' reads all files, 'man 5 hp-config' explains the keys"),
                        problems.front().text());
    return false;
}

int Command::report(const Result<>& result, const std::string& in_short) const {
    if (result) return kExitDone;
    const Error& error = result.error();
    if (error.code == Errc::stopped) return kExitDone;
    // If both go to one place, the report must come before its errors.
    std::fflush(stdout);
    std::string words = about_.name + ": error: " + error.what + "\n";
    if (!error.hint.empty()) words += about_.name + ": hint: " + error.hint + "\n";
    last_words(words);
    if (logs_to_file_) log::error("{}", error.what);
    if (on_error_) {
        const std::string& what = in_short.empty() ? error.what : in_short;
        if (const auto code = on_error_({error.code, what, error.hint})) return *code;
    }
    return error.code == Errc::usage ? kExitUsage : kExitFailed;
}

int Command::run_parts(int argc, char** argv, const std::function<Result<>()>& body) {
    int exit_code = kExitDone;
    if (!parse(argc, argv, exit_code)) return exit_code;
    const bool is_configured = needs_config_();
    if (load_ && is_configured && !load()) return load_code_;
    if (log_ && is_configured) {
        if (const auto opened = open_log(); !opened) return report(opened);
    }
    return report(body());
}

int Command::run(int argc, char** argv, const std::function<Result<>()>& body) {
    hold_standard_descriptors();
    int exit_code = kExitFailed;
    try {
        exit_code = run_parts(argc, argv, body);
    } catch (const std::bad_alloc&) {
        exit_code = report(fail(Errc::io, "out of memory"));
    } catch (const std::exception& e) {
        exit_code = report(fail(Errc::io, std::string("unexpected error: ") + printable(e.what(), 1000),
                                "this is a bug: please report it"));
    }
    if (const auto written = flush_stdout(); !written && exit_code == kExitDone) exit_code = report(written);
    return exit_code;
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
