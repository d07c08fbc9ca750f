// hp-wallet: ehash by hand.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cashu/nut20.hpp"
#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/keys.hpp"
#include "config/roles.hpp"
#include "crypto/bip32.hpp"
#include "crypto/random.hpp"
#include "init.hpp"
#include "log/log.hpp"
#include "net/http_url.hpp"
#include "verbs.hpp"

namespace {

using namespace hp;

struct Options {
    config::ProxyShared shared;
    config::Network network;
    std::string amount, memo, token{"-"}, locking_key_file;
    std::vector<std::string> quote_ids;
    std::int64_t token_id{0};
    std::size_t limit{1000};
    std::uint64_t gap{wallet::kRestoreGap};
    bool json{false}, mint{false};
    hp_wallet::InitOptions init;
};

void declare(cli::Command& command, Options& options) {
    auto add_json = [&](CLI::App& sub) {
        sub.add_flag("--json", options.json, "print JSON, one object a line");
    };
    auto& init = command.subcommand("init", "make a wallet for a mint of which only the URL is known",
                                    {"hp-wallet init --mint https://mint.example.org"});
    init.add_option("--mint", options.init.mint_url, "where the mint's API is")->required()->type_name("URL");
    init.add_option("--words", options.init.words,
                    "take the words from this file, of mode 0600, instead of making fresh ones")
        ->type_name("FILE");
    add_json(init);
    add_json(command.subcommand("balance", "what is in the wallet", {"hp-wallet balance --json"}));

    auto& send = command.subcommand("send", "make a token, on stdout", {"hp-wallet send 250 > token.txt"});
    send.add_option("AMOUNT", options.amount, "in the wallet's unit")->required();
    command.may_be_empty(
        send.add_option("--memo", options.memo, "text that the token carries")->type_name("TEXT"));

    auto& receive =
        command.subcommand("receive", "take a token in, from stdin", {"hp-wallet receive < token.txt"});
    receive.add_option("TOKEN", options.token,
                       "- for stdin; other users of the machine see a token on the command line [-]");

    auto& quotes =
        command.subcommand("quotes", "quotes that are known here, or to the mint for this wallet's key",
                           {"hp-wallet quotes --mint", "hp-wallet quotes --json | jq .state",
                            "hp-wallet quotes --mint --locking-key-file my.key"});
    quotes.add_option("ID", options.quote_ids, "only these quotes, asked for by id [all of the key]");
    quotes.add_flag("--mint", options.mint, "mint them, and wait until it is done");
    quotes.add_option("--limit", options.limit, "list so many, newest first [1000]")
        ->check(cli::whole_number(1, 1'000'000))
        ->type_name("N");
    add_json(quotes);

    add_json(command.subcommand("tokens", "tokens that were made and nobody has received yet",
                                {"hp-wallet tokens"}));
    auto& reclaim =
        command.subcommand("reclaim", "take back a token that nobody has received", {"hp-wallet reclaim 3"});
    reclaim.add_option("ID", options.token_id, "its number in 'hp-wallet tokens'")
        ->required()
        ->check(cli::whole_number(1));
    auto& restore = command.subcommand("restore", "get everything back from the seed words and the mint",
                                       {"hp-wallet restore", "hp-wallet restore --gap 20000 --json"});
    restore
        .add_option("--gap", options.gap,
                    "counters to look at beyond the last that the mint has signed [" +
                        std::to_string(options.gap) + "]")
        ->check(cli::whole_number(1, 100'000'000))
        ->type_name("N");
    add_json(restore);
    auto& pubkey = command.subcommand("pubkey", "the locking key, which a miner gives as its worker name",
                                      {"hp-miner stratum+tcp://127.0.0.1:34255 --user $(hp-wallet pubkey)"});
    for (auto* sub : {&quotes, &pubkey})
        sub->add_option(
               "--locking-key-file", options.locking_key_file,
               "for quotes that are locked to the secret key in this file, mode 0600, not to the words'")
            ->type_name("FILE");
}

Result<Bytes64> read_seed(const Options& options, const cli::Command& command) {
    HP_TRY(auto words, cli::read_mnemonic(command.resolve_secret(options.shared.wallet_seed_file),
                                          options.network.network));
    return crypto::bip39_seed(words.reveal());
}

Result<crypto::SecretKey> read_key(const Options& options) {
    return cli::read_locking_key(options.locking_key_file, options.network.network);
}

Result<> print_key(const Options& options, const cli::Command& command) {
    if (!options.locking_key_file.empty()) {
        HP_TRY(const auto key, read_key(options));
        std::printf("%s\n", to_hex(key.public_key()).c_str());
        return {};
    }
    HP_TRY(auto seed, read_seed(options, command));
    HP_TRY(auto key, cashu::lock_key(seed, 0));
    crypto::wipe(seed);
    std::printf("%s\n", to_hex(key.public_key()).c_str());
    return {};
}

Result<> run(const Options& options, cli::Command& command) {
    const std::string verb = command.app().get_subcommands().front()->get_name();
    if (verb == "init") {
        auto init = options.init;
        init.dir = command.config_dir();
        init.unit = command.given("unit");
        init.network = command.given("network");
        init.json = options.json;
        return hp_wallet::init(init);
    }
    if (verb == "pubkey") return print_key(options, command);
    std::uint64_t amount = 0;
    std::string token = options.token;
    // What is wrong with the call is said before anything is opened.
    if (verb == "send") {
        HP_TRY(amount, hp_wallet::amount_from_text(options.amount));
    } else if (verb == "receive" && token == "-") {
        HP_TRY(token, hp_wallet::read_stdin());
    } else if (verb == "receive") {
        std::fputs(
            "hp-wallet: hint: other users of this machine can read the command line; "
            "give the token on stdin\n",
            stderr);
    }
    wallet::WalletOptions wallet_options;
    HP_TRY(wallet_options.seed, read_seed(options, command));
    wallet_options.database = command.resolve(options.shared.wallet_database);
    wallet_options.mint_url = options.shared.mint_url;
    wallet_options.mint_aliases = options.shared.mint_aliases;
    wallet_options.has_own_mint = config::has_role(options.network.roles, "mint");
    if (!options.locking_key_file.empty()) {
        HP_TRY(wallet_options.locking_key, read_key(options));
    }
    wallet_options.unit = options.shared.unit;
    if (net::is_exposed(options.shared.mint_url))
        log::warn("mint_url {}", net::exposed_text(options.shared.mint_url));
    wallet_options.mints_quotes = options.mint || verb == "restore";
    net::Loop loop;
    HP_TRY(auto wallet, wallet::Wallet::open(loop, std::move(wallet_options)));
    hp_wallet::Verbs verbs{loop, *wallet, options.shared.unit};
    auto form = options.json ? hp_wallet::Form::json : hp_wallet::Form::words;
    if (verb == "balance") return verbs.balance(form);
    if (verb == "send") return verbs.send(amount, options.memo);
    if (verb == "receive") return verbs.receive(token);
    if (verb == "quotes") return verbs.quotes(form, {options.quote_ids, options.mint, options.limit});
    if (verb == "tokens") return verbs.tokens(form);
    if (verb == "reclaim") return verbs.reclaim(options.token_id);
    return verbs.restore(form, options.gap);
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    cli::Command command{
        {.name = "hp-wallet",
         .summary = "Hold ehash: mint quotes, send and receive tokens, restore from the seed.",
         .examples = {"hp-wallet init --mint https://mint.example.org",
                      "hp-wallet --config-dir ./demo quotes --mint",
                      "hp-wallet --config-dir ./demo send 250 > token.txt",
                      "hp-wallet --config-dir ./demo receive < token.txt"}}};
    declare(command, options);
    command.configure(options.shared, options.network);
    command.load_when([&] { return !command.app().got_subcommand("init"); },
                      "'hp-wallet init --mint URL' makes a wallet");
    // Who made a wallet of his own means that one.
    if (const auto own = hp_wallet::own_directory(); hp_wallet::has_wallet(own)) command.use_directory(own);
    return command.run(argc, argv, [&] { return run(options, command); });
}
