#include "cli/command.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <new>

#include "base/bytes.hpp"
#include "cli/listing.hpp"
#include "cli/output.hpp"
#include "log/log.hpp"

namespace hp::cli {
namespace {

constexpr const char* kConfigGroup = "Configuration (flag > HP_* variable > file > default)";

constexpr const char* kLogGroup = "Log (flag > HP_* variable > default)";

std::string footer(const std::vector<std::string>& examples) {
    std::string out;
    for (const auto& example : examples) out += "\n  $ " + example;
    return out.empty() ? out : "Examples:" + out;
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

}  // namespace

Command::Command(About about)
    : about_{std::move(about)}, app_{std::make_unique<CLI::App>(about_.summary, about_.name)} {
    lay_out(*app_);
    app_->set_version_flag("-V,--version",
                           about_.name + " " HP_VERSION "\nMIT license, Hashpool contributors",
                           "print the version and exit");
    app_->footer(footer(about_.examples));
    app_->fallthrough();
    options_ = std::make_unique<Options>(*app_, may_be_empty_);
}
Command::~Command() = default;

void Command::add_verbs(std::vector<Verb> verbs) {
    for (auto& verb : verbs) {
        CLI::App* app = app_->add_subcommand(verb.name, verb.summary);
        lay_out(*app);
        app->footer(footer(verb.examples));
        app->fallthrough();
        auto options = std::make_unique<Options>(*app, may_be_empty_);
        Action action = verb.declare(*options);
        verbs_.emplace_back(new AddedVerb{std::move(verb), std::move(options), std::move(action)});
    }
}

void Command::add_config_flags(const std::vector<config::Key>& keys) {
    const std::string own_file = keys.empty() ? "the tool's file" : keys.front().file;
    app_->add_option("--config-dir", config_dir_,
                     "configuration directory, or HP_CONFIG_DIR [" + std::string(kUsualConfigDir) + "]")
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
        if (key.rule.may_be_empty) may_be_empty_.insert(option);
    }
}

int Command::report(const Error& error, const std::string& in_short) {
    if (error.code == Errc::stopped) return kExitDone;
    has_told_error_ = true;
    // If both go to one place, the report must come before its errors.
    std::fflush(stdout);
    std::string words = about_.name + ": error: " + error.what + "\n";
    if (!error.hint.empty()) words += about_.name + ": hint: " + error.hint + "\n";
    last_words(words);
    if (logs_to_file_) log::error("{}", error.what);
    if (called_ && called_->verb.on_error)
        return called_->verb.on_error({error.code, in_short.empty() ? error.what : in_short, error.hint},
                                      wants_json_);
    return error.code == Errc::usage ? kExitUsage : kExitFailed;
}

Needs Command::needs() const {
    return called_ ? called_->action.needs(called_->verb.needs) : Needs::everything;
}

Result<int> Command::run_called() const {
    if (called_) return called_->action.run();
    HP_DO(body_());
    return kExitDone;
}

int Command::run_parts(int argc, char** argv) {
    if (!verbs_.empty()) app_->require_subcommand(body_ ? 0 : 1, 1);
    if (const auto code = parse(argc, argv)) return *code;
    if (needs() != Needs::nothing) {
        if (load_own_)
            if (const auto code = load(needs())) return *code;
        if (log_)
            if (const auto opened = open_log(); !opened) return report(opened.error());
    }
    const auto done = run_called();
    return done ? *done : report(done.error());
}

int Command::run(int argc, char** argv, std::function<Result<>()> body) {
    hold_standard_descriptors();
    body_ = std::move(body);
    int exit_code = kExitFailed;
    try {
        exit_code = run_parts(argc, argv);
    } catch (const std::bad_alloc&) {
        exit_code = report({Errc::io, "out of memory"});
    } catch (const std::exception& e) {
        exit_code = report({Errc::io, std::string("unexpected error: ") + printable(e.what(), 1000),
                            "this is a bug: please report it"});
    }
    if (const auto written = flush_stdout(); !written && !has_told_error_) {
        const int code = report(written.error());
        if (exit_code == kExitDone) exit_code = code;
    }
    return exit_code;
}

}  // namespace hp::cli
