// hp-template: the Template Provider. Templates from a node or from an embedded chain, served over SV2.
#include <CLI/CLI.hpp>

#include "cli/command.hpp"
#include "cli/secrets.hpp"
#include "config/together.hpp"
#include "log/log.hpp"
#include "net/clock_guard.hpp"
#include "net/http_url.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"
#include "recordio/events.hpp"
#include "records/template.hpp"
#include "templates/rpc_source.hpp"
#include "templates/server.hpp"
#include "templates/sim_source.hpp"

namespace {

using namespace hp;

constexpr std::int64_t kStatusMs = 1'000;

struct Options {
    config::Template keys;
    config::Network network;
};

Result<std::unique_ptr<templates::Source>> open_source(net::Loop& loop, const cli::Command& command,
                                                       const Options& options) {
    const config::Template& keys = options.keys;
    if (keys.source == "sim") {
        HP_TRY(auto source,
               templates::SimSource::open(loop, {.block_bits = static_cast<unsigned>(keys.sim_block_bits),
                                                 .block_interval_s = keys.sim_block_interval_s,
                                                 .fee_refresh_s = keys.fee_refresh_s,
                                                 .chain_file = command.resolve(keys.sim_chain_file)}));
        return std::unique_ptr<templates::Source>(std::move(source));
    }
    templates::RpcClient::Options rpc{.url = keys.rpc_url,
                                      .cookie_file = command.resolve(keys.rpc_cookie_file),
                                      .user = keys.rpc_user,
                                      .password = {}};
    if (net::is_exposed(rpc.url)) log::warn("rpc_url {}", net::exposed_text(rpc.url));
    if (!rpc.user.empty()) {
        HP_TRY(rpc.password, cli::read_secret_text(command.resolve_secret(keys.rpc_password_file)));
    }
    log::info("asking {} for templates", keys.rpc_url);
    return std::make_unique<templates::RpcSource>(
        loop, templates::RpcSource::Options{rpc, options.network.network, keys.fee_refresh_s});
}

void tell_block(const recordio::Events& events, const templates::BlockEvent& event) {
    const records::Block block{.height = event.id.height,
                               .hash = {event.id.hash},
                               .accepted = event.verdict.accepted(),
                               .fate = templates::text_of(event.verdict.fate),
                               .reason = event.verdict.reason};
    if (event.is_change)
        events.tell(records::BlockMoved{block});
    else if (event.verdict.is_repeat)
        events.tell(records::BlockResubmitted{block});
    else
        events.tell(records::BlockSubmitted{block});
}

/// What the service manager and the records show of it.
class Standing {
  public:
    void on_template(std::uint32_t height) {
        height_ = height;
        tell();
    }
    void on_trouble(const std::string& why) {
        trouble_ = why;
        tell();
    }
    records::TemplateStatus status() const {
        return {.started_ms = started_ms_,
                .node_connected = has_node_,
                .node_since_ms = node_since_ms_,
                .height = height_,
                .log_lines_dropped = log::dropped_lines()};
    }
    void on_block(const templates::BlockEvent& event) {
        const bool is_in = event.verdict.accepted();
        if (event.is_change)
            accepted_ += is_in ? 1 : -1;
        else if (!event.verdict.is_repeat)
            ++found_, accepted_ += is_in;
        tell();
    }

  private:
    void tell() {
        const bool has_node = trouble_.empty() && height_ > 0;
        if (std::exchange(has_node_, has_node) != has_node) node_since_ms_ = unix_ms_now();
        std::string text = !trouble_.empty() ? "no templates: " + trouble_
                           : height_ == 0    ? "waiting for a first template"
                                             : "template for height " + std::to_string(height_);
        if (found_ > 0)
            text += fmt::format("; {} of {} blocks handed in are in the chain", accepted_, found_);
        line_.set(text);
    }
    net::StatusLine line_;
    UnixMs started_ms_{unix_ms_now()};
    UnixMs node_since_ms_{started_ms_};
    bool has_node_{false};
    std::string trouble_;
    std::uint32_t height_{0};
    int found_{0}, accepted_{0};
};

Result<> serve(const cli::Command& command, const Options& options) {
    net::Loop loop;
    HP_TRY(auto protection,
           net::Protection::from(options.network.sources_exempt, options.network.buffer_memory_mib));
    net::protect(loop, std::move(protection));
    HP_TRY(auto authority,
           cli::read_secret_key(command.resolve_secret(options.keys.authority_secret_key_file),
                                options.network.network));
    HP_TRY(auto endpoint, net::endpoint_from_text(options.network.template_listen));
    const auto& where = options.keys.events;
    HP_TRY(auto to,
           recordio::event_options(command.resolve_records(where.to), where.framing, where.encoding));
    if (recordio::is_noise_target(to.to)) {
        HP_TRY(to.key,
               cli::read_secret_key(command.resolve_secret(where.secret_key_file), options.network.network));
    }
    // Nothing is made before all of the configuration is known to be good.
    for (const auto& one : config::misfits(options.keys, options.network))
        return fail(command.wrong_value(one.file, one.key, one.what, one.hint));
    // First: a signal during the start waits for run(), when these are there, and kills nothing.
    templates::Server* serving = nullptr;
    net::FrameListener* listening = nullptr;
    constexpr std::int64_t kGoodbyePollMs = 5;
    constexpr std::int64_t kEventsFlushMs = 1'000;
    net::Timer goodbye{loop};
    loop.handle_signals(
        [&] {
            log::info("stopping");
            net::sd_notify("STOPPING=1");
            listening->stop();
            serving->stop();
            goodbye.every(kGoodbyePollMs, [&] {
                if (serving->has_left()) loop.stop();
            });
        },
        [&] { command.reload_log(); });
    HP_TRY(auto sink, recordio::EventSink::open(loop, to, "hp-template"));
    recordio::Events events;
    events.to(sink.get());
    HP_TRY(auto source, open_source(loop, command, options));
    Standing standing;
    standing.on_trouble({});
    source->on_trouble = [&](const std::string& why) { standing.on_trouble(why); };

    auto server = std::make_unique<templates::Server>(
        loop, *source, static_cast<std::uint64_t>(unix_ms_now()), [&](const templates::BlockEvent& event) {
            tell_block(events, event);
            standing.on_block(event);
        });
    HP_TRY(auto listener,
           net::FrameListener::listen(
               loop, endpoint, templates::Server::frame_limits(),
               net::renewing_identity(std::move(authority), options.keys.certificate_validity_s),
               [&server](std::shared_ptr<net::FrameConnection> connection) {
                   server->accept(std::move(connection));
               }));
    serving = server.get();
    listening = listener.get();
    const net::ClockGuard clock{
        loop, "templates carry its time where the chain allows it; 'timedatectl' shows and sets it",
        [&events](const std::string& what) { events.alarm(what); }};
    net::Timer status{loop};
    status.every(kStatusMs, [&] {
        auto record = standing.status();
        record.clients = server->client_count();
        record.clock_off_ms = clock.off_ms();
        events.tell(record);
    });
    log::info("serving templates on {}", listener->bound().text());

    bool ready = false;
    source->start([&](std::shared_ptr<const templates::BlockTemplate> block) {
        standing.on_template(block->height);
        server->on_template(std::move(block));
        if (!std::exchange(ready, true)) net::sd_notify("READY=1");
    });

    loop.run();
    sink->flush(kEventsFlushMs);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    cli::Command command{
        {.name = "hp-template",
         .summary =
             "Serve block templates over SV2 from a node, or from an embedded chain, and hand blocks in.",
         .examples = {"hp-template --sim --config-dir ./demo",
                      "hp-template --rpc http://127.0.0.1:18443 --network regtest --rpc-cookie-file "
                      "~/.bitcoin/regtest/.cookie --config-dir ./demo"}}};
    command.configure(options.keys, options.network);
    command.app().add_flag_callback(
        "--sim",
        [&command] {
            command.stand_for("HP_SOURCE", "sim", "--sim");
            command.stand_for("HP_NETWORK", "sim", "--sim");
        },
        "the embedded chain: short for --source sim --network sim");
    command.app()
        .add_option_function<std::string>(
            "--rpc",
            [&command](const std::string& url) {
                command.stand_for("HP_SOURCE", "rpc", "--rpc");
                command.stand_for("HP_RPC_URL", url, "--rpc");
            },
            "a node: short for --source rpc --rpc-url URL")
        ->type_name("URL")
        ->excludes("--sim");
    return command.run(argc, argv, [&] { return serve(command, options); });
}
