// What every program has in common: --help with examples, --version, configuration flags, log options, errors
// and hints, exit codes (0 done, 1 failed, 2 called or configured wrongly). CLI11 stays in command.cpp and
// main.cpp files.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/keys.hpp"
#include "config/load.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hp::cli {

inline constexpr int kExitDone = 0;    ///< done, or the answer is yes
inline constexpr int kExitFailed = 1;  ///< failed, or the answer is no
inline constexpr int kExitUsage = 2;   ///< called or configured wrongly: trying again will not help

struct About {
    std::string name;
    std::string summary;
    std::vector<std::string> examples{};
};

/// HP_CONFIG_DIR; nothing if it is not set. Set but empty is an error, as it often comes from an unset
/// variable in a script.
Result<std::optional<std::string>> config_dir_variable();
/// For tools that only read configurations among other things: HP_CONFIG_DIR, or /etc/hashpool if it exists,
/// or empty.
Result<std::string> usual_config_dir();

class Command {
  public:
    explicit Command(About about);
    ~Command();
    Command(const Command&) = delete;
    Command& operator=(const Command&) = delete;

    CLI::App& app();
    /// A program's subcommand with its own examples (hp-quote decode). The program's own options may follow
    /// it too. A subcommand is then required, unless the program says otherwise.
    CLI::App& subcommand(const std::string& name, const std::string& summary,
                         std::vector<std::string> examples = {});

    /// Adds --config-dir, --config, the log's flags and a flag for every key of the structs; run() loads them
    /// before `body`, and on errors prints all problems to stderr and exits with 2. The first struct is the
    /// tool's own (--config names its file). The structs must outlive run().
    template <class Own, class... Shared>
    void configure(Own& own, Shared&... shared) {
        std::vector<config::Key> keys;
        config::Loader::collect(own, keys);
        (config::Loader::collect(shared, keys), ...);
        add_config_flags(keys);
        load_ = [this, &own, &shared...](config::Loader& loader) {
            loader.load(own, explicit_config_);
            (loader.load(shared), ...);
        };
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
    /// For a program with only some verbs that are services: the others never log to the configuration's
    /// log_file, since a user who only looks at figures may not be allowed to write there.
    void log_to_file_when(std::function<bool()> is_service) { is_service_ = std::move(is_service); }
    /// SIGHUP: reopens the log file, and applies log_level from the program's own file. If the file has
    /// problems, nothing changes and the log says so.
    void reload_log() const;
    /// After configure(): structs that are loaded only if `is_needed` says so, once the command line is
    /// parsed. For tools where some verbs need no configuration.
    template <class... Structs>
    void configure_when(std::function<bool()> is_needed, Structs&... structs) {
        std::vector<config::Key> keys;
        (config::Loader::collect(structs, keys), ...);
        add_key_flags(keys);
        load_ = [first = std::move(load_), is_needed = std::move(is_needed),
                 &structs...](config::Loader& loader) {
            first(loader);
            if (is_needed()) (loader.load(structs), ...);
        };
    }
    /// After configure(): for a program with verbs that need no configuration, or create it. Then nothing is
    /// loaded, and the log has its defaults. `hint`: what to do if the default directory does not exist.
    void load_when(std::function<bool()> is_needed, std::string hint = {}) {
        needs_config_ = std::move(is_needed);
        missing_hint_ = std::move(hint);
    }
    /// Replaces /etc/hashpool as the default if neither --config-dir nor HP_CONFIG_DIR is given.
    void use_directory(std::string dir) { default_dir_ = std::move(dir); }
    /// For a flag that is short for a key's: it counts as the key's variable, so the key's own flag wins over
    /// it, and errors in the value name `flag`. Called while the command line is parsed.
    void stand_for(const std::string& variable, std::string value, std::string flag) {
        shortcuts_[variable] = {std::move(value), std::move(flag)};
    }
    /// The value of a key's flag (named without dashes); empty if not given.
    std::string given(std::string_view flag) const;
    /// An empty value is an error for every option and argument except these, and except keys whose rule
    /// allows it.
    void may_be_empty(CLI::Option* option) { may_be_empty_.insert(option); }
    /// Called with each error that ends the program, after it was printed; returns an exit code to use
    /// instead of ours, or nothing.
    void on_error(std::function<std::optional<int>(const Error&)> call) { on_error_ = std::move(call); }
    /// Parses, loads, opens the log and calls `body`; returns the exit code. No exception leaves it, and
    /// output that could not be written to stdout is a failure.
    int run(int argc, char** argv, const std::function<Result<>()>& body);
    /// A path from the configuration, made absolute; valid in `body`. Paths from flags are absolute already:
    /// they are relative to the working directory, as completed by the shell.
    std::string resolve(const std::string& path) const;
    /// The path from which to read a secret file: see handed_secret().
    std::string resolve_secret(const std::string& path) const;
    /// Likewise for where records go or come from: "unix:PATH" keeps its prefix; "-", "" and URLs are not
    /// paths.
    std::string resolve_records(const std::string& place) const;
    /// Absolute; valid in `body`. As given if nothing was loaded.
    const std::string& config_dir() const { return config_dir_; }
    /// For errors that only show when a key's value is used: names the place where the value was set. Valid
    /// in `body`.
    Error wrong_value(std::string_view file, std::string_view key, const std::string& what,
                      std::string hint = {}) const;
    /// All values with their origins; valid in `body`.
    const std::vector<config::Shown>& shown() const;

  private:
    void add_config_flags(const std::vector<config::Key>& keys);
    void add_key_flags(const std::vector<config::Key>& keys);
    int run_parts(int argc, char** argv, const std::function<Result<>()>& body);
    bool parse(int argc, char** argv, int& exit_code);
    /// The first option or argument that is empty and must not be.
    Result<> check_empty(const CLI::App& app) const;
    /// CLI11's error, with the nearest valid word. Always an error.
    Result<> explain(int cli_code, const std::string& message) const;
    std::unique_ptr<config::Loader> make_loader() const;
    std::string log_file() const;
    Result<> open_log();
    /// False after printing the problems to stderr.
    bool load();
    /// `in_short`: for on_error(), if the error itself does not say what is wrong.
    int report(const Result<>& result, const std::string& in_short = {}) const;

    About about_;
    std::unique_ptr<CLI::App> app_;
    std::function<void(config::Loader&)> load_;
    std::function<bool()> needs_config_{[] { return true; }};
    std::string missing_hint_, default_dir_{"/etc/hashpool"};
    std::string config_dir_, explicit_config_;
    bool config_dir_given_{false};
    bool logs_to_file_{false};
    int load_code_{kExitUsage};        ///< after a failed load()
    const config::Log* log_{nullptr};  ///< of the program's file, or of flag_log_
    config::Log flag_log_;
    std::function<config::Log(config::Loader&)> reread_log_;
    std::function<bool()> is_service_{[] { return true; }};
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
    std::set<const CLI::Option*> may_be_empty_;
    std::function<std::optional<int>(const Error&)> on_error_;
    std::unique_ptr<config::Loader> loader_;
};

/// The HP_* variables of this process.
std::map<std::string, std::string> hashpool_environment();

}  // namespace hp::cli
