#include "parts.hpp"

#include "cli/secrets.hpp"
#include "crypto/base58.hpp"
#include "crypto/bip32.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "net/http_url.hpp"
#include "proxy/proxy_service.hpp"

namespace hp::hp_proxy {
namespace {

Result<> take_wallet(const Settings& s, const cli::Command& command, wallet::WalletOptions& out) {
    HP_TRY(auto words,
           cli::read_mnemonic(command.resolve_secret(s.shared.wallet_seed_file), s.network.network));
    HP_TRY(out.seed, crypto::bip39_seed(words.reveal()));
    out.database = command.resolve(s.shared.wallet_database);
    out.mint_url = s.shared.mint_url;
    out.unit = s.shared.unit;
    if (net::is_exposed(s.shared.mint_url)) log::warn("mint_url {}", net::exposed_text(s.shared.mint_url));
    return {};
}

Result<std::optional<proxy::Faucet::Options>> faucet_options(const Settings& s) {
    if (s.proxy.faucet_amount == 0) return std::nullopt;
    HP_TRY(const auto api, net::endpoint_from_text(s.network.proxy_api_listen));
    return proxy::Faucet::Options{.listen = api,
                                  .public_names = s.network.public_names,
                                  .amount_max = static_cast<std::uint64_t>(s.proxy.faucet_amount),
                                  .interval_s = s.proxy.faucet_interval_s,
                                  .unit = s.shared.unit};
}

Result<proxy::ServiceOptions> options_from(const Settings& s, const cli::Command& command) {
    proxy::ServiceOptions out;
    HP_TRY(out.listen, net::endpoint_from_text(s.network.proxy_listen));
    HP_TRY(out.pool.pool.address, net::endpoint_from_text(s.proxy.pool_address));
    HP_TRY(out.pool.pool.authority, crypto::authority_key_from_text(s.proxy.pool_authority_public_key));
    out.pool.channels_max = static_cast<std::size_t>(s.proxy.channels_per_connection);
    out.terms.take(s.proxy);
    out.outage_patience_ms = s.proxy.outage_patience_s * 1000;
    HP_TRY(out.faucet, faucet_options(s));
    HP_DO(take_wallet(s, command, out.wallet));
    return out;
}

}  // namespace

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon) {
    HP_TRY(auto options, options_from(settings, daemon.command()));
    HP_TRY(options.events, daemon.open_events(settings.proxy.events));
    HP_TRY(auto service, proxy::ProxyService::start(daemon.loop(), std::move(options)));
    service->on_ready = [&daemon] { daemon.ready(); };
    service->on_fatal = [&daemon](const Error& why) { daemon.end_with(why); };
    return std::make_unique<cli::OnePart<proxy::ProxyService>>(std::move(service));
}

}  // namespace hp::hp_proxy
