// What every program has: --help with examples, --version, configuration flags, log options, errors and
// hints, exit codes (0 done, 1 failed, 2 called or configured wrongly). CLI11 stays in command.cpp and
// main.cpp files.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "config/load.hpp"

namespace CLI {
class App;
}

namespace hp::cli {

inline constexpr int kExitDone = 0;    ///< done, or yes
inline constexpr int kExitFailed = 1;  ///< ran, and failed or the answer is no
inline constexpr int kExitUsage = 2;   ///< called or configured wrongly: the same again will not help

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

    CLI::App& app();
    /// A program's subcommand with its own examples (hp-quote decode). The options of the program itself may
    /// stand behind it too. One subcommand is then required, unless the program says otherwise.
    CLI::App& subcommand(const std::string& name, const std::string& summary,
                         std::vector<std::string> examples = {});

    /// Adds --config-dir, --config, --log-level, --log-file and a flag for every key of the structs; run()
    /// loads them before `body` and ends with exit 2 and all problems on stderr when something is wrong. The
    /// first struct is the tool's own (--config names its file). The structs must outlive run().
    template <class... Structs>
    void configure(Structs&... structs) {
        std::vector<config::Key> keys;
        (config::Loader::collect(structs, keys), ...);
        add_config_flags(keys);
        load_ = [this, &structs...](config::Loader& loader) {
            bool first = true;
            ((loader.load(structs, std::exchange(first, false) ? explicit_config_ : std::string()), ...));
        };
    }
    /// After configure(): structs that are loaded only where `is_needed` says so, once the command line is
    /// parsed. A tool whose other verbs need no configuration has them.
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
    /// Parses, loads, opens the log and calls `body`; returns the exit code.
    int run(int argc, char** argv, const std::function<Result<>()>& body);
    /// A path from the configuration, made absolute; valid in `body`. Paths that came by a flag are absolute
    /// already: they start at the working directory, as the shell completes them.
    std::string resolve(const std::string& path) const;
    /// The same for where records go or come from: "unix:PATH" keeps its word, "-", "" and URLs are no paths.
    std::string resolve_records(const std::string& place) const;
    /// Absolute; valid in `body`.
    const std::string& config_dir() const { return config_dir_; }
    /// All values with their origins; valid in `body`.
    const std::vector<config::Shown>& shown() const;

  private:
    void add_config_flags(const std::vector<config::Key>& keys);
    void add_key_flags(const std::vector<config::Key>& keys);
    bool parse(int argc, char** argv, int& exit_code);
    /// What CLI11 said, with the nearest word that would have been right. Always an error.
    Result<> explain(int cli_code, const std::string& message) const;
    Result<> open_log();
    /// False after the problems are on stderr.
    bool load();
    int report(const Result<>& result) const;

    About about_;
    std::unique_ptr<CLI::App> app_;
    std::function<void(config::Loader&)> load_;
    std::string config_dir_, explicit_config_, log_level_, log_file_;
    struct Flag {
        config::Key key;
        std::string value;
        bool given{false};
    };
    std::vector<std::unique_ptr<Flag>> flags_;
    std::unique_ptr<config::Loader> loader_;
};

/// The HP_* variables of this process.
std::map<std::string, std::string> hashpool_environment();

}  // namespace hp::cli
