// What every program has in common: --help with examples, --version, verbs, configuration flags, log options,
// errors and hints, exit codes (0 done, 1 failed, 2 called or configured wrongly).
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/options.hpp"
#include "cli/variables.hpp"
#include "cli/verb.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"

namespace hp::cli {

inline constexpr int kExitDone = 0;    ///< done, or the answer is yes
inline constexpr int kExitFailed = 1;  ///< failed, or the answer is no
inline constexpr int kExitUsage = 2;   ///< called or configured wrongly: trying again will not help

struct About {
    std::string name;
    std::string summary;
    std::vector<std::string> examples{};
};

class Command {
  public:
    explicit Command(About about);
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    const std::string& name() const { return about_.name; }
    /// The program's own options; they are also accepted after a verb.
    Options& options() { return *options_; }
    /// The verbs in the order of --help. One must be called, unless run() has a body.
    void add_verbs(std::vector<Verb> verbs);

    /// Adds --config-dir, --config, the log's flags and a flag for every key that the program uses; run()
    /// loads what the verb needs, and on errors prints all problems to stderr and exits with 2.
    /// The first struct is the program's own (--config names its file). The structs must outlive run().
    template <class Own, class... Shared>
    void configure(Own& own, Shared&... shared) {
        std::vector<config::Key> keys;
        config::Loader::collect(own, keys);
        (config::Loader::collect(shared, keys), ...);
        add_config_flags(keys);
        load_own_ = [this, &own](config::Loader& loader) { loader.load(own, explicit_config_); };
        load_shared_ = [&shared...](config::Loader& loader) { (loader.load(shared), ...); };
        if constexpr (requires { own.log; }) {
            log_ = &own.log;
            reread_log_ = [this](config::Loader& loader) {
                Own fresh;
                loader.load(fresh, explicit_config_);
                return fresh.log;
            };
        } else {
            add_log_flags();
        }
    }
    /// --log-level, --log-file and --log-format for a program without these keys, or without a file.
    void add_log_flags();
    /// What to do if the default directory does not exist.
    void hint_without_files(std::string hint) { missing_hint_ = std::move(hint); }
    /// Replaces /etc/hashpool as the default if neither --config-dir nor HP_CONFIG_DIR is given.
    void use_directory(std::string dir) { default_dir_ = std::move(dir); }
    /// For a flag that is short for a key's: it counts as the key's variable, so the key's own flag wins over
    /// it, and errors in the value name `flag`. Called while the command line is parsed.
    void stand_for(const std::string& variable, std::string value, std::string flag) {
        shortcuts_[variable] = {std::move(value), std::move(flag)};
    }

    /// Runs the verb that is called, or `body`, which needs everything. Returns the exit code. No exception
    /// leaves it, and output that could not be written to stdout is a failure.
    int run(int argc, char** argv, std::function<Result<>()> body = {});

    // Valid in a verb or body:
    /// The value of a key's flag (named without dashes); empty if not given.
    std::string given(std::string_view flag) const;
    /// A path from the configuration, made absolute. Paths from flags are absolute already: they are relative
    /// to the working directory, as completed by the shell.
    std::string resolve(const std::string& path) const;
    /// The path from which to read a secret file: see handed_secret().
    std::string resolve_secret(const std::string& path) const;
    /// Likewise for where records go or come from: "unix:PATH" keeps its prefix; "-", "" and URLs are not
    /// paths.
    std::string resolve_records(const std::string& place) const;
    /// Absolute. As given if nothing was loaded.
    const std::string& config_dir() const { return config_dir_; }
    /// For errors that only show when a key's value is used: names the place where the value was set.
    Error wrong_value(std::string_view file, std::string_view key, const std::string& what,
                      std::string hint = {}) const;
    /// SIGHUP: reopens the log file, and applies log_level from the program's own file. If the file has
    /// problems, nothing changes and the log says so.
    void reload_log() const;

  private:
    struct AddedVerb {
        Verb verb;
        std::unique_ptr<Options> options;
        Action action;
    };
    // command.cpp
    void add_config_flags(const std::vector<config::Key>& keys);
    void add_key_flags(const std::vector<config::Key>& keys);
    Needs needs() const;
    Result<int> run_called() const;
    int run_parts(int argc, char** argv);
    /// `in_short`: for a verb's on_error, where the error itself does not say what is wrong.
    int report(const Error& error, const std::string& in_short = {});
    // command_line.cpp
    /// The exit code where that was all: --help, or an error.
    std::optional<int> parse(int argc, char** argv);
    const AddedVerb* find_verb(const std::string& name) const;
    /// The first option or argument that is empty and must not be.
    Result<> check_empty(const CLI::App& app) const;
    /// What CLI11 said, with the nearest word that would have been right.
    Error explain(int cli_code, const std::string& message) const;
    // command_files.cpp
    std::unique_ptr<config::Loader> make_loader() const;
    /// The exit code where it failed, with the problems on stderr.
    std::optional<int> load(Needs needs);
    const std::vector<config::Shown>& shown() const;
    // command_log.cpp
    std::string log_file() const;
    Result<> open_log();

    About about_;
    std::unique_ptr<CLI::App> app_;
    EmptyOnes may_be_empty_;
    std::unique_ptr<Options> options_;
    std::vector<std::unique_ptr<AddedVerb>> verbs_;
    /// Null: the body. Where the command line is wrong, what seems to be meant.
    const AddedVerb* called_{nullptr};
    bool wants_json_{false};  ///< --json is among the words
    std::function<Result<>()> body_;
    bool has_told_error_{false};

    std::function<void(config::Loader&)> load_own_, load_shared_;
    std::string missing_hint_, default_dir_{kUsualConfigDir};
    std::string config_dir_, explicit_config_;
    bool config_dir_given_{false};
    std::unique_ptr<config::Loader> loader_;
    struct Flag {
        config::Key key;
        std::string value;
        bool given{false};
    };
    std::vector<std::unique_ptr<Flag>> flags_;
    struct Shortcut {
        std::string value, flag;
    };
    std::map<std::string, Shortcut> shortcuts_;  ///< by variable

    const config::Log* log_{nullptr};  ///< of the program's file, or of flag_log_
    config::Log flag_log_;
    std::function<config::Log(config::Loader&)> reread_log_;
    bool logs_to_file_{false};
};

}  // namespace hp::cli
