// hp-mint: the Cashu mint for ehash.
#include <optional>

#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/keys.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "log/log.hpp"
#include "mint/api.hpp"
#include "mint/link_client.hpp"
#include "mint/mint.hpp"
#include "mint/upkeep.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"
#include "verbs.hpp"

using namespace hp;

namespace {

struct Settings {
    config::Mint mint;
    config::PoolShared shared;
    config::Network network;
};

Result<> serve(const Settings& s, const cli::Command& command) {
    mint::MintOptions options;
    HP_TRY(auto words, cli::read_mnemonic(command.resolve_secret(s.mint.seed_file), s.network.network));
    HP_TRY(options.seed, crypto::bip39_seed(words.reveal()));
    options.database = command.resolve(s.mint.database);
    options.mark_file = command.resolve(s.mint.mark_file);
    options.unit = s.shared.unit;
    options.input_fee_ppk = static_cast<std::uint64_t>(s.mint.input_fee_ppk);
    options.keyset_amounts = static_cast<unsigned>(s.mint.keyset_amounts);
    options.keyset_index_min = static_cast<std::uint32_t>(s.mint.keyset_index_min);
    options.accept_legacy_quote_signatures = s.mint.accept_legacy_quote_signatures;
    options.name = s.mint.name;
    options.description = s.mint.description;
    options.public_urls = s.mint.public_urls;
    const auto& events = s.mint.events;
    HP_TRY(options.events,
           recordio::event_options(command.resolve_records(events.to), events.framing, events.encoding));
    if (recordio::is_noise_target(options.events.to)) {
        HP_TRY(options.events.key,
               cli::read_secret_key(command.resolve_secret(events.secret_key_file), s.network.network));
    }
    HP_TRY(options.http_listen, net::endpoint_from_text(s.network.mint_listen));

    HP_TRY(auto link_key,
           cli::read_secret_key(command.resolve_secret(s.mint.link_secret_key_file), s.network.network));
    mint::LinkClient::Options link{.pool = {}, .pool_authority = {}, .link_key = link_key, .valuation = {}};
    HP_TRY(link.pool, net::endpoint_from_text(s.shared.link_address));
    HP_TRY(link.pool_authority, crypto::authority_key_from_text(s.shared.link_authority_public_key));
    link.valuation.rule = s.shared.valuation == "target" ? ehash::Valuation::Rule::target
                                                         : ehash::Valuation::Rule::leading_zeros;
    link.valuation.unit_bits = static_cast<unsigned>(s.shared.unit_bits);
    link.valuation.minimum_difficulty = static_cast<unsigned>(s.shared.minimum_difficulty);

    net::Loop loop;
    HP_TRY(auto protection, net::Protection::from(s.network.sources_exempt, s.network.buffer_memory_mib));
    net::protect(loop, std::move(protection));
    std::unique_ptr<mint::Mint> service;
    std::unique_ptr<mint::Api> api;
    std::optional<mint::LinkClient> client;
    // First: a signal during the start waits for run() and kills nothing.
    loop.handle_signals(
        [&] {
            net::sd_notify("STOPPING=1");
            log::info("stopping");
            client->stop();
            api->stop();
            // What was taken in is committed and answered before the loop ends.
            service->drain();
            loop.post([&] { loop.stop(); });
        },
        [&] { command.reload_log(); });
    HP_TRY(service, mint::Mint::open(loop, options));
    HP_TRY(api, mint::Api::listen(loop, *service, options.http_listen));
    client.emplace(loop, *service, std::move(link));
    mint::Upkeep upkeep{loop,
                        *service,
                        {.database = options.database,
                         .wal_alarm_bytes = static_cast<std::uint64_t>(s.mint.wal_alarm_mib) << 20,
                         .is_link_up = [&client] { return client->is_up(); }}};
    client->start();
    log::info("serving wallets on http://{}", api->bound().text());
    net::sd_notify("READY=1");
    std::optional<Error> fatal;
    service->on_fatal = [&](const Error& why) {
        fatal = why;
        loop.stop();
    };
    loop.run();
    // A second signal ends the loop at once; what the writer has still to do uses the API, which goes before
    // it.
    service->drain();
    if (fatal) return fail(*fatal);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    cli::Command command{{.name = "hp-mint",
                          .summary = "Serve a Cashu mint whose quotes are made by a pool's accepted shares.",
                          .examples = {"hp-mint --config-dir /etc/hashpool",
                                       "hp-mint --config-dir d & curl -s http://127.0.0.1:3338/v1/info | jq",
                                       "hp-mint accept-rollback --config-dir d"}}};
    bool is_json = false;
    const auto& accept = add_accept_rollback(command, is_json);
    command.app().require_subcommand(0, 1);
    const auto serves = [&] { return !accept.parsed(); };
    command.configure(settings.mint);
    command.configure_when(serves, settings.shared, settings.network);
    command.log_to_file_when(serves);
    return command.run(argc, argv, [&] {
        if (serves()) return serve(settings, command);
        return accept_rollback(command.resolve(settings.mint.database),
                               command.resolve(settings.mint.mark_file), is_json);
    });
}
