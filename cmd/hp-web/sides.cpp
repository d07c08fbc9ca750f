// hp-web pool and hp-web proxy: the page of a side, out of what hp-stats serves.
#include "cli/daemon.hpp"
#include "cli/secrets.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "verbs.hpp"
#include "web/site.hpp"

namespace hp::hp_web {
namespace {

struct Options {
    web::Side side{};
    std::string listen, token_file;
};

class Page final : public cli::Parts {
  public:
    static Result<std::unique_ptr<cli::Parts>> start(const Options& options, const config::Network& network,
                                                     cli::Daemon& daemon);
    void stop(std::function<void()> stopped) override {
        server_->stop();
        stopped();
    }

  private:
    std::unique_ptr<web::Feed> feed_;
    std::unique_ptr<web::Faucet> faucet_;
    std::optional<web::Site> site_;
    std::unique_ptr<net::HttpServer> server_;
};

Result<web::Feed::Options> feed_options(const Options& options, const config::Network& network) {
    const bool is_pool = options.side == web::Side::pool;
    web::Feed::Options out;
    HP_TRY(out.stats,
           net::endpoint_from_text(is_pool ? network.pool_stats_listen : network.proxy_stats_listen));
    if (!options.token_file.empty()) {
        HP_TRY(out.token, cli::read_secret_text(options.token_file));
    }
    out.clients_path = is_pool ? "/api/v1/clients" : "/api/v1/sv1/clients";
    out.workers_path = std::string("/api/v1/workers?minutes=60&limit=100&of=") +
                       (is_pool ? "share_accepted" : "miner_share_accepted");
    return out;
}

Result<std::unique_ptr<cli::Parts>> Page::start(const Options& options, const config::Network& network,
                                                cli::Daemon& daemon) {
    const bool is_pool = options.side == web::Side::pool;
    HP_TRY(auto feed, feed_options(options, network));
    const auto& key = is_pool ? network.pool_web_listen : network.proxy_web_listen;
    HP_TRY(const auto endpoint, net::endpoint_from_text(options.listen.empty() ? key : options.listen));
    HP_TRY(const auto miners, net::endpoint_from_text(is_pool ? network.pool_listen : network.proxy_listen));
    auto page = std::make_unique<Page>();
    HP_TRY(page->feed_, web::Feed::start(daemon.loop(), std::move(feed)));
    if (!is_pool) {
        HP_TRY(const auto api, net::endpoint_from_text(network.proxy_api_listen));
        HP_TRY(page->faucet_, web::Faucet::connect(daemon.loop(), api));
    }
    page->site_.emplace(options.side, *page->feed_, page->faucet_.get(), miners.port,
                        net::HttpNames{endpoint, network.public_names});
    // Event streams stay open: each page that somebody looks at holds one. The rest is for requests.
    const net::HttpLimits limits{.request_ms = 10'000,
                                 .connections_max = config::kWebPort.connections,
                                 .strangers_max = config::kWebPort.strangers,
                                 .strangers_per_address_max = config::kWebPort.strangers_per_address,
                                 .streams_max = config::kWebStreams};
    HP_TRY(page->server_,
           net::HttpServer::listen(
               daemon.loop(), endpoint, limits, false,
               [site = &*page->site_](const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
                   site->answer(request, reply);
               }));
    const std::string url = "http://" + page->server_->bound().text() + "/";
    log::info("serving {}", url);
    daemon.ready("serving " + url);
    return page;
}

cli::Verb side(web::Side side, const std::string& name, const config::Network& network,
               const cli::Command& command) {
    return {.name = name,
            .summary = "serve the page of the " + name + "'s side",
            .declare = [&network, &command, side, name](cli::Options& add) -> cli::Action {
                auto options =
                    std::make_shared<Options>(Options{.side = side, .listen = {}, .token_file = {}});
                add.text("--listen", options->listen, "HOST:PORT [key " + name + "_web_listen]")
                    .value_name("ADDRESS");
                add.text("--token-file", options->token_file,
                         "file of mode 0600 with the token for hp-stats [none]")
                    .value_name("FILE");
                return [&network, &command, options] {
                    return cli::serve(command, network, [&](cli::Daemon& daemon) {
                        return Page::start(*options, network, daemon);
                    });
                };
            },
            .is_service = true};
}

}  // namespace

cli::Verb pool(const config::Network& network, const cli::Command& command) {
    return side(web::Side::pool, "pool", network, command);
}
cli::Verb proxy(const config::Network& network, const cli::Command& command) {
    return side(web::Side::proxy, "proxy", network, command);
}

}  // namespace hp::hp_web
