#include "parts.hpp"

#include "cli/secrets.hpp"
#include "config/together.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "net/http_url.hpp"
#include "net/user_signal.hpp"
#include "templates/rpc_source.hpp"
#include "templates/template_service.hpp"

namespace hp::hp_template {
namespace {

Result<std::unique_ptr<templates::Source>> open_source(const Settings& settings, cli::Daemon& daemon) {
    const config::Template& keys = settings.keys;
    if (keys.source == "sim") {
        HP_TRY(auto source,
               templates::SimSource::open(daemon.loop(), sim_options(settings, daemon.command())));
        return std::unique_ptr<templates::Source>(std::move(source));
    }
    HP_TRY(const auto rpc, rpc_options(settings, daemon.command()));
    log::info("asking {} for templates", keys.rpc_url);
    return std::make_unique<templates::RpcSource>(
        daemon.loop(), templates::RpcSource::Options{.rpc = rpc,
                                                     .network = settings.network.network,
                                                     .fee_refresh_s = keys.fee_refresh_s,
                                                     .allow_ibd = keys.allow_ibd});
}

/// The service, and the signal of a node's -blocknotify.
class Served final : public cli::Parts {
  public:
    Served(std::unique_ptr<templates::TemplateService> service, net::Loop& loop)
        : service_{std::move(service)}, new_tip_{loop, [this] { service_->refresh(); }} {}
    void stop(std::function<void()> stopped) override { service_->stop(std::move(stopped)); }

  private:
    std::unique_ptr<templates::TemplateService> service_;
    net::UserSignal new_tip_;
};

}  // namespace

templates::SimSource::Options sim_options(const Settings& settings, const cli::Command& command) {
    const config::Template& keys = settings.keys;
    return {.block_bits = static_cast<unsigned>(keys.sim_block_bits),
            .block_interval_s = keys.sim_block_interval_s,
            .fee_refresh_s = keys.fee_refresh_s,
            .chain_file = command.resolve(keys.sim_chain_file)};
}

Result<templates::RpcClient::Options> rpc_options(const Settings& settings, const cli::Command& command) {
    const config::Template& keys = settings.keys;
    templates::RpcClient::Options rpc{.url = keys.rpc_url,
                                      .cookie_file = command.resolve(keys.rpc_cookie_file),
                                      .user = keys.rpc_user,
                                      .password = {}};
    if (net::is_exposed(rpc.url)) log::warn("rpc_url {}", net::exposed_text(rpc.url));
    if (!rpc.user.empty()) {
        HP_TRY(rpc.password, cli::read_secret_text(command.resolve_secret(keys.rpc_password_file)));
    }
    return rpc;
}

void add_shortcuts(cli::Command& command) {
    const auto sim = command.options().flag(
        "--sim",
        [&command] {
            command.stand_for("HP_SOURCE", "sim", "--sim");
            command.stand_for("HP_NETWORK", "sim", "--sim");
        },
        "the embedded chain: short for --source sim --network sim");
    command.options()
        .text(
            "--rpc",
            [&command](const std::string& url) {
                command.stand_for("HP_SOURCE", "rpc", "--rpc");
                command.stand_for("HP_RPC_URL", url, "--rpc");
            },
            "a node: short for --source rpc --rpc-url URL")
        .value_name("URL")
        .excludes(sim);
}

Result<std::unique_ptr<cli::Parts>> start(const Settings& settings, cli::Daemon& daemon) {
    const config::Template& keys = settings.keys;
    HP_TRY(auto authority, daemon.read_key(keys.authority_secret_key_file));
    templates::ServiceOptions options;
    HP_TRY(options.listen, net::endpoint_from_text(settings.network.template_listen));
    options.max_age_s = keys.max_template_age_s;
    options.identity = net::renewing_identity(authority, keys.certificate_validity_s);
    for (const auto& one : config::misfits(keys, settings.network))
        return fail(daemon.command().wrong_value(one.file, one.key, one.what, one.hint));
    HP_TRY(options.events, daemon.open_events(keys.events));
    HP_TRY(auto source, open_source(settings, daemon));
    HP_TRY(auto service,
           templates::TemplateService::start(daemon.loop(), std::move(source), std::move(options)));
    service->on_ready = [&daemon] { daemon.ready(); };
    return std::make_unique<Served>(std::move(service), daemon.loop());
}

}  // namespace hp::hp_template
