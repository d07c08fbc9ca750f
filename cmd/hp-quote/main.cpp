// hp-quote: quotes, frames, tokens and keys by hand.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>

#include "cli/checks.hpp"
#include "cli/command.hpp"
#include "verbs.hpp"

using namespace hp;

namespace {

struct Options {
    std::string kind, text, out;
    bool secrets{false}, json{false};
    hp_quote::GetOptions get;
    hp_quote::ListOptions list, dead;
    hp_quote::RequeueOptions requeue;
    hp_quote::AdoptOptions adopt;
    hp_quote::HeldOptions held;
    hp_quote::ReleaseOptions release;
    hp_quote::AmountOptions amount;
    hp_quote::ExplainOptions explain;
};

void add_coding(cli::Command& command, Options& options) {
    auto& decode = command.subcommand(
        "decode", "tell what a frame, token, request body or key says",
        {"hp-quote decode frame 000001060000020003000000", "hp-quote decode frame - < frames.hex | jq .name",
         "hp-quote decode token - < token.txt", "hp-quote decode request - < body.json",
         "hp-quote decode key 02e2ab0a45160298754da728626f4cfa9b5e98a3ae0bf1b64fbd64a9d5824cff17"});
    decode.add_option("KIND", options.kind, "frame, token, request or key")
        ->required()
        ->check(cli::one_of({"frame", "token", "request", "key"}));
    decode.add_option("TEXT", options.text, "what to decode; - is stdin, for frames one a line [-]");
    decode.add_flag("--secrets", options.secrets, "tokens: show the blinding factors r too");
    decode.add_flag("--json", options.json, "keys: print one JSON object, as the other kinds always do");
    decode
        .add_option("--out", options.out,
                    "secret keys: write the secret as 64 hex digits to this new file, mode 0600")
        ->type_name("FILE");
    auto& encode = command.subcommand(
        "encode", "make a frame out of the JSON of decode",
        {R"(hp-quote encode frame '{"name":"SetupConnection.Success","fields":{"used_version":2,"flags":3}}')"});
    encode.add_option("KIND", options.kind, "frame")->required()->check(cli::one_of({"frame"}));
    encode.add_option("JSON", options.text, "what to encode; - is stdin, one a line [-]");
}

void add_config_dir(CLI::App& sub, std::string& config_dir, const char* what) {
    sub.add_option("--config-dir", config_dir, what)->type_name("DIR");
}

void add_get(cli::Command& command, hp_quote::GetOptions& options) {
    auto& get = command.subcommand(
        "get", "ask the mint for a quote",
        {"hp-quote get 01890a5d-ac96-774b-bcce-b302099a8057 --mint http://127.0.0.1:3338"});
    get.add_option("ID", options.id, "quote id")->required();
    get.add_option("--mint", options.mint_url, "the mint's Cashu API [http://127.0.0.1:3338]")
        ->type_name("URL");
    add_config_dir(get, options.config_dir, "take the mint's address from shared/proxy.toml there");
    get.add_flag("--json", options.json, "print the quote object");
}

void add_list(cli::Command& command, hp_quote::ListOptions& options) {
    auto& list = command.subcommand(
        "list", "list the newest shares of an outbox, or quotes of a mint",
        {"hp-quote list --outbox data/outbox.db --state dead", "hp-quote list --mint-db data/mint.db --json",
         "hp-quote list --config-dir /etc/hashpool --worker rig1"});
    list.add_option("--outbox", options.places.outbox, "the pool's outbox")->type_name("FILE");
    list.add_option("--mint-db", options.places.mint_db, "the mint's ledger")->type_name("FILE");
    add_config_dir(list, options.places.config_dir, "take the outbox from pool.toml there");
    list.add_option("--state", options.state, "only pending, acked or dead shares; paid or issued quotes")
        ->check(cli::one_of({"pending", "acked", "dead", "paid", "issued", "held"}));
    list.add_option("--worker", options.worker, "only shares of this worker")->type_name("NAME");
    list.add_option("--key", options.key, "only shares or quotes of this owner, 66 hex digits")
        ->type_name("KEY");
    list.add_option("--limit", options.limit, "how many at most [20]")
        ->check(cli::whole_number(1, 1'000'000'000))
        ->type_name("N");
    list.add_flag("--json", options.json, "print one JSON object a line");
}

void add_dead(cli::Command& command, Options& options) {
    auto& dead =
        command.subcommand("dead", "list the shares whose quote a mint refused for good, with the reasons",
                           {"hp-quote dead --config-dir /etc/hashpool",
                            "hp-quote dead --outbox data/outbox.db --json | jq .dead_reason"});
    dead.add_option("--outbox", options.dead.places.outbox, "the pool's outbox")->type_name("FILE");
    add_config_dir(dead, options.dead.places.config_dir, "take the outbox from pool.toml there");
    dead.add_option("--limit", options.dead.limit, "how many at most, newest first [20]")
        ->check(cli::whole_number(1, 1'000'000'000))
        ->type_name("N");
    dead.add_flag("--json", options.dead.json, "print one JSON object a line");

    auto& requeue =
        command.subcommand("requeue", "ask the mint again for dead shares; the journal keeps who did it",
                           {"hp-quote requeue 17 23 --config-dir /etc/hashpool",
                            "hp-quote requeue --all --outbox data/outbox.db"});
    requeue.add_option("SEQ", options.requeue.seqs, "numbers of rows, as `hp-quote dead` shows them");
    requeue.add_flag("--all", options.requeue.all, "all dead shares");
    requeue.add_option("--outbox", options.requeue.places.outbox, "the pool's outbox; it may be running")
        ->type_name("FILE");
    add_config_dir(requeue, options.requeue.places.config_dir, "take the outbox from pool.toml there");
    requeue.add_flag("--json", options.requeue.json, "print one JSON object");

    auto& adopt = command.subcommand(
        "adopt", "give an outbox that was restored from a backup a new identity; the pool is stopped",
        {"hp-quote adopt --outbox data/outbox.db"});
    adopt.add_option("--outbox", options.adopt.places.outbox, "the pool's outbox")->type_name("FILE");
    add_config_dir(adopt, options.adopt.places.config_dir, "take the outbox from pool.toml there");
}

void add_amount(cli::Command& command, hp_quote::AmountOptions& options) {
    auto& amount = command.subcommand(
        "amount", "tell what a share is worth",
        {"hp-quote amount --hash 00000000000000000001f3b3a43ee2ab9a44bbf17a6ccb0b0ad0c1c9d7e0c9f1 "
         "--target 00000000ffff0000000000000000000000000000000000000000000000000000"});
    amount.add_option("HEADER", options.header, "block header, 160 hex digits");
    amount.add_option("--hash", options.hash, "share hash instead of the header, in either byte order")
        ->type_name("HEX64");
    amount
        .add_option("--target", options.target, "target that the share is credited at, in either byte order")
        ->type_name("HEX64");
    amount.add_option("--valuation", options.valuation, "as on the link [" + options.valuation + "]")
        ->type_name("TEXT");
    amount.add_flag("--json", options.json, "print one JSON object");
}

void add_explain(cli::Command& command, hp_quote::ExplainOptions& options) {
    auto& explain = command.subcommand(
        "explain",
        "follow one share or quote from the miner's submit to the token, or say why it was refused",
        {"hp-quote explain 17 --config-dir ./demo",
         "hp-quote explain 01890a5d-ac96-774b-bcce-b302099a8057 --outbox outbox.db "
         "--mint-db mint.db --json"});
    explain
        .add_option("ID", options.id,
                    "share hash in either byte order, quote id, or sequence number of the outbox")
        ->required();
    add_config_dir(explain, options.places.config_dir,
                   "take the databases from there, or HP_CONFIG_DIR, those that there are");
    explain.add_option("--outbox", options.places.outbox, "the pool's outbox")->type_name("FILE");
    explain.add_option("--mint-db", options.places.mint_db, "the mint's ledger")->type_name("FILE");
    explain.add_option("--wallet-db", options.places.wallet_db, "the wallet")->type_name("FILE");
    explain
        .add_option("--refused", options.places.refused,
                    "the pool's file of refused shares [key keep_refused]")
        ->type_name("FILE");
    explain.add_flag("--json", options.json, "print one JSON object");
}

void add_held(cli::Command& command, Options& options) {
    auto& held =
        command.subcommand("held", "list the quotes that a restored mint made again and that nobody can mint",
                           {"hp-quote held --config-dir /etc/hashpool",
                            "hp-quote held --mint-db data/mint.db --json | jq .amount"});
    held.add_option("--mint-db", options.held.places.mint_db, "the mint's ledger")->type_name("FILE");
    add_config_dir(held, options.held.places.config_dir,
                   "take the ledger from mint.toml there, the outbox from pool.toml");
    held.add_option("--outbox", options.held.places.outbox,
                    "the pool's outbox, which knows the ids that they had before")
        ->type_name("FILE");
    held.add_option("--key", options.held.key, "only those of this owner, 66 hex digits")->type_name("KEY");
    held.add_option("--limit", options.held.limit, "how many at most, newest first [20]")
        ->check(cli::whole_number(1, 1'000'000'000))
        ->type_name("N");
    held.add_flag("--json", options.held.json, "print one JSON object a line");

    auto& release = command.subcommand(
        "release", "let held quotes be minted: each may have been minted before; the ledger keeps who did it",
        {"hp-quote release 01890a5d-ac96-774b-bcce-b302099a8057 --config-dir /etc/hashpool",
         "hp-quote release --all --mint-db data/mint.db"});
    release.add_option("ID", options.release.ids, "quote ids, as `hp-quote held` shows them");
    release.add_flag("--all", options.release.all, "all held quotes");
    release.add_option("--mint-db", options.release.places.mint_db, "the mint's ledger; it may be running")
        ->type_name("FILE");
    add_config_dir(release, options.release.places.config_dir, "take the ledger from mint.toml there");
    release.add_flag("--json", options.release.json, "print one JSON object");
}

Result<> run(const std::string& verb, const Options& options) {
    if (verb == "encode") return hp_quote::encode_frame(options.text);
    if (verb == "get") return hp_quote::get(options.get);
    if (verb == "list") return hp_quote::list(options.list);
    if (verb == "dead") return hp_quote::dead(options.dead);
    if (verb == "requeue") return hp_quote::requeue(options.requeue);
    if (verb == "adopt") return hp_quote::adopt(options.adopt);
    if (verb == "held") return hp_quote::held(options.held);
    if (verb == "release") return hp_quote::release(options.release);
    if (verb == "amount") return hp_quote::amount(options.amount);
    if (verb == "explain") return hp_quote::explain(options.explain);
    if (!options.out.empty() && options.kind != "key") return fail(Errc::usage, "--out is for keys");
    if (options.kind == "token") return hp_quote::decode_token(options.text, options.secrets);
    if (options.kind == "request") return hp_quote::decode_request(options.text);
    if (options.kind == "key") return hp_quote::decode_key({options.text, options.out, options.json});
    return hp_quote::decode_frame(options.text);
}

/// The places of the verb that was called; null where it needs no database.
hp_quote::Places* places_of(const std::string& verb, Options& options) {
    return verb == "list"      ? &options.list.places
           : verb == "dead"    ? &options.dead.places
           : verb == "requeue" ? &options.requeue.places
           : verb == "adopt"   ? &options.adopt.places
           : verb == "held"    ? &options.held.places
           : verb == "release" ? &options.release.places
           : verb == "explain" ? &options.explain.places
                               : nullptr;
}

/// The usual directory stands for --config-dir where nothing else says where things are.
Result<> use_usual_dir(const std::string& verb, Options& options) {
    if (auto* at = places_of(verb, options); at && at->config_dir.empty() && at->outbox.empty() &&
                                             at->mint_db.empty() && at->wallet_db.empty() &&
                                             at->refused.empty()) {
        HP_TRY(at->config_dir, cli::usual_config_dir());
    }
    if (auto& get = options.get; verb == "get" && get.config_dir.empty() && get.mint_url.empty()) {
        HP_TRY(const std::string usual, cli::usual_config_dir());
        // A pool's machine may have no file that says where the mint is; a directory that was named has to.
        std::error_code ignored;
        const bool is_named = std::getenv("HP_CONFIG_DIR") != nullptr;
        if (is_named || std::filesystem::exists(usual + "/shared/proxy.toml", ignored))
            get.config_dir = usual;
    }
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    cli::Command command{{.name = "hp-quote",
                          .summary = "Look at quotes, shares, frames, tokens and keys by hand.",
                          .examples = {"hp-quote decode frame 000001060000020003000000",
                                       "hp-quote explain 17 --config-dir ./demo"}}};
    add_coding(command, options);
    add_get(command, options.get);
    add_list(command, options.list);
    add_dead(command, options);
    add_held(command, options);
    add_amount(command, options.amount);
    add_explain(command, options.explain);
    return command.run(argc, argv, [&]() -> Result<> {
        const std::string verb = command.app().get_subcommands().front()->get_name();
        HP_DO(use_usual_dir(verb, options));
        return run(verb, options);
    });
}
