// hp-web: the dashboards.
#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/keys.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"
#include "web/site.hpp"

using namespace hp;

namespace {

struct Options {
    config::Network network;
    std::string listen, token_file;
};

Result<> serve(web::Side side, const Options& options, const cli::Command& command) {
    const bool is_pool = side == web::Side::pool;
    web::Feed::Options feed_options;
    HP_TRY(feed_options.stats, net::endpoint_from_text(is_pool ? options.network.pool_stats_listen
                                                               : options.network.proxy_stats_listen));
    if (!options.token_file.empty()) {
        HP_TRY(feed_options.token, cli::read_secret_text(options.token_file));
    }
    const auto& listen = is_pool ? options.network.pool_web_listen : options.network.proxy_web_listen;
    HP_TRY(const auto endpoint, net::endpoint_from_text(options.listen.empty() ? listen : options.listen));
    feed_options.clients_path = is_pool ? "/api/v1/clients" : "/api/v1/sv1/clients";
    feed_options.workers_path = std::string("/api/v1/workers?minutes=60&limit=100&of=") +
                                (is_pool ? "share_accepted" : "miner_share_accepted");
    net::Loop loop;
    HP_TRY(auto protection,
           net::Protection::from(options.network.sources_exempt, options.network.buffer_memory_mib));
    net::protect(loop, std::move(protection));
    HP_TRY(const auto feed, web::Feed::start(loop, std::move(feed_options)));
    std::unique_ptr<web::Faucet> faucet;
    if (!is_pool) {
        HP_TRY(const auto api, net::endpoint_from_text(options.network.proxy_api_listen));
        HP_TRY(faucet, web::Faucet::connect(loop, api));
    }
    HP_TRY(const auto miners,
           net::endpoint_from_text(is_pool ? options.network.pool_listen : options.network.proxy_listen));
    web::Site site{side, *feed, faucet.get(), miners.port, {endpoint, options.network.public_names}};
    // Event streams stay open: each page that somebody looks at holds one. The rest is for requests.
    const net::HttpLimits limits{.request_ms = 10'000,
                                 .connections_max = config::kWebPort.connections,
                                 .strangers_max = config::kWebPort.strangers,
                                 .strangers_per_address_max = config::kWebPort.strangers_per_address,
                                 .streams_max = config::kWebStreams};
    HP_TRY(const auto server,
           net::HttpServer::listen(loop, endpoint, limits, false,
                                   [&](const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
                                       site.answer(request, reply);
                                   }));
    loop.handle_signals(
        [&] {
            net::sd_notify("STOPPING=1");
            server->stop();
            loop.stop();
        },
        [&] { command.reload_log(); });
    log::info("serving http://{}/", server->bound().text());
    net::sd_notify("READY=1\nSTATUS=serving http://" + server->bound().text() + "/");
    loop.run();
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    cli::Command command{
        {.name = "hp-web",
         .summary = "Serve the dashboard of the pool's or the proxy's side, out of what hp-stats serves.",
         .examples = {"hp-web pool --config-dir d", "hp-web proxy --config-dir d --listen 127.0.0.1:3030"}}};
    command.configure(options.network);
    for (const char* name : {"pool", "proxy"}) {
        auto& verb = command.subcommand(name, std::string("serve the page of the ") + name + "'s side");
        verb.add_option("--listen", options.listen, "HOST:PORT [key " + std::string(name) + "_web_listen]")
            ->type_name("ADDRESS");
        verb.add_option("--token-file", options.token_file,
                        "file of mode 0600 with the token for hp-stats [none]")
            ->type_name("FILE");
    }
    return command.run(argc, argv, [&] {
        return serve(command.app().got_subcommand("pool") ? web::Side::pool : web::Side::proxy, options,
                     command);
    });
}
