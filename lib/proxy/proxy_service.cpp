#include "proxy/proxy_service.hpp"

#include "config/limits.hpp"
#include "log/log.hpp"
#include "net/protection.hpp"

namespace hp::proxy {

ProxyService::ProxyService(net::Loop& loop)
    : clock_{loop, "miners get the pool's time if ours cannot be right; 'timedatectl' shows and sets it",
             [this](const std::string& what) { events_.alarm(what); }},
      second_{loop} {}

Result<std::unique_ptr<ProxyService>> ProxyService::start(net::Loop& loop, ServiceOptions options) {
    std::unique_ptr<ProxyService> service{new ProxyService(loop)};
    auto* s = service.get();
    // Two proxies would mint the same quotes, and each would count the other's ehash as its own miners'.
    const std::string& database = options.wallet.database;
    HP_TRY(s->lock_, store::FileLock::take_service(database, "wallet database '" + database + "'"));
    s->events_.to(options.events);
    HP_DO(s->open_wallet(loop, options.wallet));
    if (options.faucet) HP_DO(s->open_faucet(loop, *options.faucet));
    s->upstreams_ = std::make_unique<Upstreams>(loop, options.pool);
    options.terms.wallets_key = s->wallet_->locking_key();
    s->proxy_ = std::make_unique<Proxy>(Proxy::Parts{loop, *s->upstreams_, *s->wallet_, s->events_},
                                        Proxy::Options{options.terms, options.outage_patience_ms,
                                                       net::sources_exempt(loop), options.wallet.mint_url});
    s->connect_parts();
    net::LineLimits limits{.names_other_protocols = true};
    limits.strangers_max = config::kSv1Port.strangers;
    limits.strangers_per_address_max = config::kSv1Port.strangers_per_address;
    limits.connections_max = config::kSv1Port.connections;
    HP_TRY(s->listener_, net::LineListener::listen(loop, options.listen, limits, [s](auto connection) {
               s->proxy_->add_miner(std::move(connection));
           }));
    s->upstreams_->start();
    s->proxy_->start();
    s->second_.every(1000, [s] { s->each_second(); });
    log::info("SV1 miners on {}, ehash of workers without their own key goes to {}", s->bound().text(),
              to_hex(options.terms.wallets_key));
    return service;
}

Result<> ProxyService::open_wallet(net::Loop& loop, const wallet::WalletOptions& options) {
    HP_TRY(wallet_, wallet::Wallet::open(loop, options));
    wallet_->on_minted = [this](const wallet::Minted& minted) { proxy_->on_minted(minted); };
    wallet_->on_parked = [this](const std::string& quote_id, const std::string& reason) {
        proxy_->on_parked(quote_id, reason);
    };
    wallet_->on_fatal = [this](const Error& why) {
        if (on_fatal) on_fatal(why);
    };
    wallet_->on_cannot_store = [this](const std::string& what) {
        events_.alarm("the wallet cannot store quotes: " + what);
    };
    wallet_->on_mint_wrong = [this, mint_url = options.mint_url](const std::string& what) {
        events_.alarm("mint " + mint_url + ": " + what);
    };
    return {};
}

Result<> ProxyService::open_faucet(net::Loop& loop, const Faucet::Options& options) {
    HP_TRY(faucet_, Faucet::listen(loop, *wallet_, options));
    log::info("faucet on http://{}: tokens of up to {} {}, one every {} s", faucet_->bound().text(),
              options.amount_max, options.unit, options.interval_s);
    return {};
}

void ProxyService::connect_parts() {
    upstreams_->on_setup_refused = [this](const std::string& code) {
        events_.tell(records::UpstreamRefused{upstreams_->name(), {code}});
    };
    upstreams_->on_lost = [this](const std::string& reason) {
        events_.tell(records::UpstreamLost{upstreams_->name(), reason});
        proxy_->on_pool_lost();
    };
    upstreams_->on_further_ready = [this] { proxy_->on_further_connection(); };
    upstreams_->on_ready = [this] { proxy_->on_pool_ready(); };
    proxy_->on_ready = [this] {
        if (on_ready) on_ready();
    };
}

void ProxyService::each_second() {
    proxy_->each_second();
    status_line_.set(clock_.status_text() + proxy_->status_text());
    if (events_.is_on()) proxy_->send_status(upstreams_->status(), clock_.off_ms());
}

void ProxyService::stop(std::function<void()> stopped) {
    listener_->stop();
    if (faucet_) faucet_->stop();
    second_.cancel();
    proxy_->stop(std::move(stopped));
}

}  // namespace hp::proxy
