// hp-proxy: SV1 miners to an SV2 pool, and the wallet that mints what they earn.
#include <optional>

#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/keys.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "log/log.hpp"
#include "net/http_url.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"
#include "proxy/proxy_service.hpp"

using namespace hp;

namespace {

struct Settings {
    config::Proxy proxy;
    config::ProxyShared shared;
    config::Network network;
};

Result<> serve(const Settings& s, const cli::Command& command) {
    proxy::ServiceOptions options;
    HP_TRY(options.listen, net::endpoint_from_text(s.network.proxy_listen));
    HP_TRY(options.pool.pool.address, net::endpoint_from_text(s.proxy.pool_address));
    HP_TRY(options.pool.pool.authority, crypto::authority_key_from_text(s.proxy.pool_authority_public_key));
    options.pool.channels_max = static_cast<std::size_t>(s.proxy.channels_per_connection);
    options.terms.min_extranonce_size = static_cast<std::uint16_t>(s.proxy.min_extranonce_size);
    options.terms.initial_hash_rate_hps = s.proxy.initial_hash_rate_hps;
    options.terms.invalid_shares_max = static_cast<std::uint32_t>(s.proxy.invalid_shares_max);
    options.outage_patience_ms = s.proxy.outage_patience_s * 1000;
    if (s.proxy.faucet_amount > 0) {
        HP_TRY(const auto api, net::endpoint_from_text(s.network.proxy_api_listen));
        options.faucet = {.listen = api,
                          .public_names = s.network.public_names,
                          .amount_max = static_cast<std::uint64_t>(s.proxy.faucet_amount),
                          .interval_s = s.proxy.faucet_interval_s,
                          .unit = s.shared.unit};
    }
    const auto& events = s.proxy.events;
    HP_TRY(options.events,
           recordio::event_options(command.resolve_records(events.to), events.framing, events.encoding));
    if (recordio::is_noise_target(options.events.to)) {
        HP_TRY(options.events.key,
               cli::read_secret_key(command.resolve_secret(events.secret_key_file), s.network.network));
    }
    HP_TRY(auto words,
           cli::read_mnemonic(command.resolve_secret(s.shared.wallet_seed_file), s.network.network));
    HP_TRY(options.wallet.seed, crypto::bip39_seed(words.reveal()));
    options.wallet.database = command.resolve(s.shared.wallet_database);
    options.wallet.mint_url = s.shared.mint_url;
    options.wallet.unit = s.shared.unit;
    if (net::is_exposed(s.shared.mint_url)) log::warn("mint_url {}", net::exposed_text(s.shared.mint_url));

    net::Loop loop;
    HP_TRY(auto protection, net::Protection::from(s.network.sources_exempt, s.network.buffer_memory_mib));
    net::protect(loop, std::move(protection));
    std::unique_ptr<proxy::ProxyService> service;
    // First: a signal during the start waits for run() and kills nothing.
    loop.handle_signals(
        [&] {
            net::sd_notify("STOPPING=1");
            log::info("stopping");
            service->stop([&] { loop.stop(); });
        },
        [&] { command.reload_log(); });
    HP_TRY(service, proxy::ProxyService::start(loop, std::move(options)));
    service->on_ready = [] { net::sd_notify("READY=1"); };
    std::optional<Error> fatal;
    service->on_fatal = [&](const Error& why) {
        fatal = why;
        loop.stop();
    };
    loop.run();
    if (fatal) return fail(*fatal);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Settings settings;
    cli::Command command{
        {.name = "hp-proxy",
         .summary = "Serve SV1 miners from an SV2 pool, and mint what they earn into a wallet.",
         .examples = {"hp-proxy --config-dir /etc/hashpool",
                      "hp-proxy --config-dir d & hp-miner stratum+tcp://127.0.0.1:34255 --user rig1"}}};
    command.configure(settings.proxy, settings.shared, settings.network);
    return command.run(argc, argv, [&] { return serve(settings, command); });
}
