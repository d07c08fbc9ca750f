// hp-wallet init: a wallet of one's own, for a mint of which only the URL is known.
#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/new_directory.hpp"
#include "cli/secrets.hpp"
#include "cli/variables.hpp"
#include "config/declared.hpp"
#include "crypto/bip32.hpp"
#include "own_directory.hpp"
#include "verbs.hpp"
#include "wallet/mint_client.hpp"
#include "wallet/wallet.hpp"

namespace hp::hp_wallet {
namespace {

struct InitOptions {
    std::string dir;  ///< to create; empty: HP_CONFIG_DIR, or own_directory()
    std::string mint_url;
    std::string unit;     ///< empty: the mint's only one
    std::string network;  ///< empty: mainnet
    std::string words;    ///< file with the words of a lost wallet; empty: new ones
    bool json{false};
};

constexpr const char* kServices = "/etc/hashpool";
constexpr const char* kSeed = "secrets/wallet.seed";

/// Runs the loop until the mint has answered.
template <class T>
Result<T> ask(net::Loop& loop, const std::function<void(wallet::OnReply<T>)>& start) {
    std::optional<Result<T>> answer;
    start([&](wallet::Reply<T> reply) {
        answer = reply ? Result<T>{*std::move(reply)} : Result<T>{fail(reply.error().error)};
        loop.stop();
    });
    while (!answer) loop.run();
    return *std::move(answer);
}

struct Mint {
    std::string name, version;
    std::set<std::string> units;  ///< of its active keysets
};

Result<Mint> look_at(const std::string& url) {
    net::Loop loop;
    HP_TRY(auto client, wallet::MintClient::create(loop, url));
    HP_TRY(const auto info,
           ask<cashu::MintInfoSeen>(loop, [&](auto done) { client->info(std::move(done)); }));
    HP_TRY(const auto keysets,
           ask<std::vector<cashu::Keyset>>(loop, [&](auto done) { client->keysets(std::move(done)); }));
    Mint out{info.name, info.version, {}};
    for (const auto& keyset : keysets)
        if (keyset.active) out.units.insert(keyset.unit);
    return out;
}

std::string listed(const std::set<std::string>& units) {
    std::string out;
    for (const auto& unit : units) out += (out.empty() ? "" : ", ") + printable(unit, 40);
    return out.empty() ? "none" : out;
}

Result<std::string> choose_unit(const std::string& wanted, const Mint& mint) {
    if (!wanted.empty()) {
        if (mint.units.contains(wanted)) return wanted;
        return fail(Errc::usage,
                    "the mint has no unit '" + printable(wanted, 40) + "', it has: " + listed(mint.units));
    }
    if (mint.units.size() == 1) {
        if (const auto* key = config::find_key("shared/proxy.toml", "unit");
            config::check(key->rule, config::Setting{*mint.units.begin()}))
            return *mint.units.begin();
        return fail(Errc::protocol,
                    "the mint's unit is '" + listed(mint.units) + "', which is not a unit's name");
    }
    return fail(Errc::usage, "the mint's units are: " + listed(mint.units), "choose one with --unit");
}

/// Creates the database, and checks that the mint's keys match their ids.
Result<std::string> open_wallet(const std::string& dir, const InitOptions& options, const std::string& unit,
                                const std::string& words) {
    wallet::WalletOptions wallet_options;
    HP_TRY(wallet_options.seed, crypto::bip39_seed(words));
    wallet_options.database = dir + "/data/wallet.db";
    wallet_options.mint_url = options.mint_url;
    wallet_options.unit = unit;
    wallet_options.mints_quotes = false;
    net::Loop loop;
    HP_TRY(auto wallet, wallet::Wallet::open(loop, std::move(wallet_options)));
    std::optional<Result<>> connected;
    wallet->connect([&](Result<> result) {
        connected = std::move(result);
        loop.stop();
    });
    while (!connected) loop.run();
    if (!*connected)
        return fail(connected->error().code, "'" + dir + "' is created, but: " + connected->error().what,
                    "'hp-wallet --config-dir " + dir + " quotes' asks the mint again");
    return to_hex(wallet->locking_key());
}

void print_made(const InitOptions& options, const std::string& dir, const Mint& mint, const std::string& unit,
                const std::string& key) {
    if (options.json) {
        const nlohmann::ordered_json out = {
            {"dir", dir},   {"mint", mint.name}, {"version", mint.version}, {"mint_url", options.mint_url},
            {"unit", unit}, {"locking_key", key}};
        std::printf("%s\n", out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
        return;
    }
    // No option is needed for the default directory.
    const std::string tool = dir == own_directory() ? "hp-wallet" : "hp-wallet --config-dir " + dir;
    std::printf("created '%s': a wallet for the mint '%s' (%s) at %s, unit %s\n\n", dir.c_str(),
                printable(mint.name, 100).c_str(), printable(mint.version, 60).c_str(),
                options.mint_url.c_str(), unit.c_str());
    std::printf("  locking key  %s\n\n", key.c_str());
    std::printf("Write down the words in %s/%s, and keep a copy elsewhere: they are the money.\nNext:\n",
                dir.c_str(), kSeed);
    if (!options.words.empty())
        std::printf("  %s restore                     # all that these words own\n", tool.c_str());
    std::printf("  %s receive < token.txt         # receive a token\n", tool.c_str());
    std::printf("  %s balance\n", tool.c_str());
    std::printf(
        "To mine for it, give the locking key as the miner's user name, and turn the shares into money "
        "with\n");
    std::printf("  %s quotes --mint\n", tool.c_str());
}

/// Asks the mint for its info, then writes a directory of the role wallet, with its database. Writes nothing
/// if the mint is down, and never overwrites anything.
Result<> run_init(const InitOptions& options) {
    std::string place = options.dir;
    if (place.empty()) {
        HP_TRY(const auto named, cli::config_dir_variable());
        place = named.value_or("");
    }
    if (place.empty() && has_wallet(kServices))
        return fail(Errc::usage, std::string("this machine's wallet is that of ") + kServices,
                    "for another one give --config-dir DIR");
    if (place.empty()) place = own_directory();
    if (place.empty()) return fail(Errc::usage, "no HOME to create a wallet in", "give --config-dir DIR");
    HP_TRY(const std::string dir, cli::unused_directory(place));
    if (auto good = config::check(config::url(), config::Setting{options.mint_url}); !good)
        return fail(Errc::usage, "--mint " + good.error().what);
    const std::string network = options.network.empty() ? "mainnet" : options.network;
    std::string words;
    if (!options.words.empty()) {
        HP_TRY(auto read, cli::read_mnemonic(options.words, network));
        words = read.reveal();
    }
    HP_TRY(const auto mint, look_at(options.mint_url));
    HP_TRY(const auto unit, choose_unit(options.unit, mint));

    const std::vector<std::string> roles{"wallet"};
    cli::Chosens chosen;
    chosen["shared/network.toml"]["roles"] = {roles};
    chosen["shared/network.toml"]["network"] = {
        network, "a wallet asks it only whether published test words may be used"};
    chosen["shared/proxy.toml"]["mint_url"] = {options.mint_url};
    chosen["shared/proxy.toml"]["unit"] = {unit};
    cli::Secrets given;
    if (!words.empty()) given[kSeed] = words;
    HP_DO(cli::keep_begun(dir, given));
    HP_TRY(const auto secrets, cli::choose_keys(std::move(given), roles, chosen));
    HP_DO(cli::write_directory(dir, roles, chosen, secrets));
    HP_TRY(const auto key, open_wallet(dir, options, unit, secrets.at(kSeed)));
    print_made(options, dir, mint, unit, key);
    return {};
}

}  // namespace

cli::Verb init(const Program& program) {
    return {
        .name = "init",
        .summary = "make a wallet for a mint of which only the URL is known",
        .examples = {"hp-wallet init --mint https://mint.example.org"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto options = std::make_shared<InitOptions>();
            add.text("--mint", options->mint_url, "where the mint's API is").required().value_name("URL");
            add.text("--words", options->words,
                     "take the words from this file, of mode 0600, instead of making fresh ones")
                .value_name("FILE");
            add.json(options->json);
            return [&program, options] {
                options->dir = program.command.config_dir();
                options->unit = program.command.given("unit");
                options->network = program.command.given("network");
                return run_init(*options);
            };
        },
        .needs = cli::Needs::nothing,
    };
}

}  // namespace hp::hp_wallet
