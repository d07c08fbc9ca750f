// hp-config: makes, checks and shows the configuration of all programs.
#include <CLI/CLI.hpp>
#include <filesystem>

#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "config/declared.hpp"
#include "setup.hpp"
#include "verbs.hpp"

namespace {

using namespace hp;

struct Options {
    hp_config::InitOptions init;
    hp_config::ReadOptions read;
    hp_config::DocsOptions docs;
    hp_config::CompareOptions compare;
    hp_config::ExplainOptions explain;
    hp_config::ImportOptions import;
    hp_config::MemoryOptions memory;
    hp_config::JoinFileOptions join_file;
    hp_config::AddMintOptions add_mint;
    hp_config::KeygenOptions keygen;
    std::string config_dir, key_file;
};

/// The directory that is a verb's word too.
void add_config_dir(CLI::App& sub, Options& options, const char* word = "DIR", const char* otherwise = "") {
    sub.add_option("--config-dir", options.config_dir,
                   std::string("the same as ") + word + ", as the other programs call it" + otherwise)
        ->type_name("DIR");
}
constexpr const char* kOrVariable = ", or HP_CONFIG_DIR";

void add_roles(CLI::App& sub, std::vector<std::string>& roles, const std::string& meaning) {
    sub.add_option("--role", roles, meaning + ": pool, mint, proxy or wallet; may be repeated [all]")
        ->check(cli::one_of({"pool", "mint", "proxy", "wallet"}))
        ->allow_extra_args(false)
        ->type_name("ROLE");
}

void add_init(cli::Command& command, Options& options) {
    auto& init = command.subcommand("init", "write a new configuration directory with fresh keys",
                                    {"hp-config init ./demo --network sim --ports auto",
                                     "hp-config init /etc/hashpool --network mainnet --payout bc1q...",
                                     "hp-config init /etc/hashpool --role proxy --join join.toml"});
    init.add_option("DIR", options.init.dir, "directory to make; it must not exist, or be empty [required]");
    add_config_dir(init, options);
    init.add_option("--network", options.init.network,
                    "sim, regtest, testnet4, signet or mainnet [that of --join]")
        ->check(cli::one_of({"sim", "regtest", "testnet4", "signet", "mainnet"}))
        ->type_name("NETWORK");
    add_roles(init, options.init.roles, "what this machine does, with only the files for it");
    init.add_option("--join", options.init.join,
                    "addresses and public keys of the pool, from 'hp-config join-file' there; for machines "
                    "without the pool")
        ->type_name("FILE");
    init.add_option("--mint-url", options.init.mint_url, "where the mint's API is [that of --join]")
        ->type_name("URL");
    init.add_option("--ports", options.init.ports,
                    "auto: twelve free ports on 127.0.0.1; a number: that one and the next eleven [the usual "
                    "ones]")
        ->type_name("auto|BASE");
    init.add_option("--payout", options.init.payout, "where block rewards go; sim and regtest need none")
        ->type_name("ADDRESS");
    init.add_option("--rpc-cookie", options.init.rpc_cookie,
                    "the node's cookie file [~/.bitcoin/NETWORK/.cookie]")
        ->type_name("FILE");
    init.add_flag("--json", options.init.json, "print the result as one JSON object");
}

void add_for(CLI::App& sub, std::vector<std::string>& tools) {
    sub.add_option(
           "--for", tools,
           "only the files of " + config::enumeration(hp_config::known_tools()) + "; may come again [all]")
        ->check(cli::one_of(hp_config::known_tools()))
        ->allow_extra_args(false)  // or it would take DIR too
        ->type_name("PROGRAM");
}

void add_reading(CLI::App& sub, Options& options) {
    sub.add_option("DIR", options.read.dir, "configuration directory [/etc/hashpool]");
    add_config_dir(sub, options, "DIR", kOrVariable);
    add_for(sub, options.read.tools);
    sub.add_flag("--json", options.read.json, "print JSON");
}

void add_joining(cli::Command& command, Options& options) {
    auto& file = command.subcommand(
        "join-file", "print what a proxy, mint or wallet elsewhere needs to join this pool: nothing secret",
        {"hp-config join-file --host pool.example.org --mint-url https://mint.example.org > join.toml"});
    file.add_option("DIR", options.join_file.dir, "configuration directory of the pool [/etc/hashpool]");
    add_config_dir(file, options, "DIR", kOrVariable);
    file.add_option("--host", options.join_file.host,
                    "name or address under which others reach this machine [that of pool_listen]")
        ->type_name("HOST");
    file.add_option("--mint-url", options.join_file.mint_url, "where wallets reach the mint [that of DIR]")
        ->type_name("URL");
    auto& mint = command.subcommand(
        "add-mint", "let a mint serve this pool: its key into allowed_mint_keys of pool.toml",
        {"hp-config add-mint mint --key 50929b74c1a04954b78b4b6035e97a5e078a5a0f28ec96d547bfee9ace803ac0"});
    mint.add_option("NAME", options.add_mint.name,
                    "what the pool calls it: mint, or another for a further one")
        ->required();
    mint.add_option("DIR", options.add_mint.dir, "configuration directory of the pool [/etc/hashpool]");
    add_config_dir(mint, options, "DIR", kOrVariable);
    mint.add_option("--key", options.add_mint.key, "the mint's public link key, 64 hex digits")
        ->required()
        ->type_name("KEY");
    mint.add_flag("--rotate", options.add_mint.rotate, "a second key for a mint that has one");
}

void add_comparing(cli::Command& command, Options& options) {
    auto& diff = command.subcommand("diff", "print the keys whose values differ; ends with 1 if any does",
                                    {"hp-config diff /etc/hashpool ./new", "hp-config diff a b --json"});
    auto& plan = command.subcommand("plan", "say which services must start again to go to other files",
                                    {"hp-config plan ./new", "hp-config plan ./new /etc/hashpool --json"});
    diff.add_option("BEFORE", options.compare.before, "configuration directory")->required();
    diff.add_option("AFTER", options.compare.after, "the one to compare with it [required]");
    add_config_dir(diff, options, "BEFORE");
    plan.add_option("NEW", options.compare.after, "directory with the new files; they must pass check")
        ->required();
    plan.add_option("DIR", options.compare.before, "directory that the services run with [/etc/hashpool]");
    add_config_dir(plan, options, "DIR", kOrVariable);
    for (auto* sub : {&diff, &plan}) {
        add_for(*sub, options.compare.tools);
        sub->add_flag("--json", options.compare.json, "print one JSON object a line");
    }
}

void add_explain(cli::Command& command, Options& options) {
    auto& explain = command.subcommand(
        "explain", "say all that is known of a key",
        {"hp-config explain shares_per_minute", "hp-config explain shared/pool.toml:unit --json"});
    explain.add_option("KEY", options.explain.key, "its name, or FILE:KEY where several files have it")
        ->required();
    explain.add_flag("--json", options.explain.json, "print one JSON object a line");
}

void add_import(cli::Command& command, Options& options) {
    auto& import = command.subcommand(
        "import", "take over the configuration of the earlier Hashpool",
        {"hp-config import ./old/config", "hp-config import ./old/config ./new --network testnet4"});
    import.add_option("OLD_DIR", options.import.from, "directory with pool.config.toml, shared/ and so on")
        ->required();
    import.add_option(
        "NEW_DIR", options.import.to,
        "directory to make; it must not exist, or be empty [only say what would become of keys]");
    add_config_dir(import, options, "NEW_DIR");
    import.add_option("--network", options.import.network, "instead of what the files say")
        ->check(cli::one_of({"sim", "regtest", "testnet4", "signet", "mainnet"}))
        ->type_name("NETWORK");
    import.add_flag("--json", options.import.json, "print the result as one JSON object");
}

void add_memory(cli::Command& command, Options& options) {
    auto& memory = command.subcommand(
        "memory", "work out MemoryHigh= and MemoryMax= of the systemd units from the configured limits",
        {"hp-config memory ./demo", "hp-config memory /etc/hashpool --write /etc/systemd/system"});
    add_reading(memory, options);
    memory
        .add_option("--write", options.memory.write,
                    "write a drop-in for each unit of DIR below this folder, and print its path")
        ->type_name("FOLDER");
    memory.add_flag("--defaults", options.memory.defaults,
                    "of the defaults, without DIR: what the units have");
}

void add_keys(cli::Command& command, Options& options) {
    auto& keygen = command.subcommand("keygen", "make a secret key or seed words",
                                      {"hp-config keygen authority --out secrets/pool-authority.key",
                                       "hp-config keygen locking --hex --out my.key"});
    keygen.add_option("KIND", options.keygen.kind, "authority, link, mnemonic or locking")
        ->required()
        ->check(cli::one_of({"authority", "link", "mnemonic", "locking"}));
    keygen.add_flag("--hex", options.keygen.hex,
                    "locking: the secret as 64 hex digits, which Cashu wallets take, not in base58check");
    keygen.add_option("--out", options.keygen.out, "write the secret to this new file, mode 0600 [stdout]")
        ->type_name("FILE");
    auto& pubkey = command.subcommand("pubkey", "print the public forms of a secret key",
                                      {"hp-config pubkey /etc/hashpool/secrets/mint-link.key"});
    pubkey.add_option("FILE", options.key_file, "secret key file, or - for stdin")->required();
}

/// A verb's directory, as its word or by --config-dir: not both.
Result<> take_config_dir(std::string& word, const Options& options, const char* name) {
    if (options.config_dir.empty()) return {};
    if (!word.empty())
        return fail(Errc::usage, std::string(name) + " and --config-dir are the same: give one of them");
    word = options.config_dir;
    return {};
}

/// The same, then HP_CONFIG_DIR, then the default.
Result<> usual(std::string& word, const Options& options) {
    HP_DO(take_config_dir(word, options, "DIR"));
    if (!word.empty()) return {};
    HP_TRY(const auto named, cli::config_dir_variable());
    word = named.value_or("/etc/hashpool");
    return {};
}

/// With --config-dir the only word is AFTER.
Result<> take_both(hp_config::CompareOptions& compare, const Options& options) {
    if (!options.config_dir.empty() && compare.after.empty()) std::swap(compare.before, compare.after);
    HP_DO(take_config_dir(compare.before, options, "BEFORE"));
    if (!compare.after.empty()) return {};
    return fail(Errc::usage, "AFTER is required", "'hp-config diff BEFORE AFTER' compares two directories");
}

/// What the services run with may be left out only where they are.
Result<> take_plan(hp_config::CompareOptions& compare, const Options& options) {
    const bool is_given = !compare.before.empty() || !options.config_dir.empty();
    HP_DO(usual(compare.before, options));
    if (std::error_code ignored; is_given || std::filesystem::is_directory(compare.before, ignored))
        return {};
    return fail(Errc::usage,
                "'" + compare.before + "', which services run with by default, is not a directory",
                "'hp-config plan NEW DIR': NEW has the new files, DIR those that the services run with");
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    cli::Command command{{.name = "hp-config",
                          .summary = "Make, check and show the configuration of all Hashpool programs.",
                          .examples = {"hp-config init ./demo --network sim --ports auto",
                                       "hp-config check ./demo", "hp-config show ./demo --origin"}}};
    add_init(command, options);
    auto& check = command.subcommand("check", "read all files as the programs do, and compare them",
                                     {"hp-config check ./demo", "hp-config check --for hp-pool"});
    add_reading(check, options);
    add_roles(check, options.read.roles,
              "only the files of what this machine does, instead of what roles says");
    auto& show = command.subcommand("show", "print all values, with --origin where each came from",
                                    {"hp-config show ./demo --origin", "hp-config show ./demo --json"});
    add_reading(show, options);
    show.add_flag("--origin", options.read.origin, "say where each value came from");
    add_joining(command, options);
    add_comparing(command, options);
    add_explain(command, options);
    add_import(command, options);
    add_memory(command, options);
    add_keys(command, options);
    auto& docs = command.subcommand("docs", "print documentation made from the declarations of the keys",
                                    {"hp-config docs --man5", "hp-config docs --example pool.toml"});
    docs.add_flag("--man5", options.docs.man5, "hp-config(5), for scdoc");
    docs.add_option("--example", options.docs.example, "a commented example file [lists the files]")
        ->type_name("FILE");

    bool differs = false;
    const int exit_code = command.run(argc, argv, [&]() -> Result<> {
        const std::string verb = command.app().get_subcommands().front()->get_name();
        if (verb == "init") {
            HP_DO(take_config_dir(options.init.dir, options, "DIR"));
            if (options.init.dir.empty())
                return fail(Errc::usage, "DIR is required", "try 'hp-config init --help'");
            return hp_config::init(options.init);
        }
        if (verb == "check" || verb == "show") {
            HP_DO(usual(options.read.dir, options));
            return verb == "check" ? hp_config::check(options.read) : hp_config::show(options.read);
        }
        if (verb == "diff") {
            HP_DO(take_both(options.compare, options));
            HP_TRY(differs, hp_config::diff(options.compare));
            return {};
        }
        if (verb == "plan") {
            HP_DO(take_plan(options.compare, options));
            return hp_config::plan(options.compare);
        }
        if (verb == "join-file") {
            HP_DO(usual(options.join_file.dir, options));
            return hp_config::join_file(options.join_file);
        }
        if (verb == "add-mint") {
            HP_DO(usual(options.add_mint.dir, options));
            return hp_config::add_mint(options.add_mint);
        }
        if (verb == "explain") return hp_config::explain(options.explain);
        if (verb == "import") {
            HP_DO(take_config_dir(options.import.to, options, "NEW_DIR"));
            return hp_config::import_earlier(options.import);
        }
        if (verb == "memory") {
            HP_DO(usual(options.read.dir, options));
            options.memory.read = options.read;
            return hp_config::memory(options.memory);
        }
        if (verb == "keygen") return hp_config::keygen(options.keygen);
        if (verb == "pubkey") return hp_config::pubkey(options.key_file);
        return hp_config::docs(options.docs);
    });
    return exit_code == cli::kExitDone && differs ? cli::kExitFailed : exit_code;
}
