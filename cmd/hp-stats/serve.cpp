// hp-stats serve: the figures over HTTP, read-only, alongside ingest.
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/url.hpp"
#include "cli/daemon.hpp"
#include "cli/secrets.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "options.hpp"
#include "stats/sql.hpp"
#include "stats/tokens.hpp"

namespace hp::hp_stats {
namespace {

constexpr std::int64_t kRequestMs = 10'000;

struct ServeOptions {
    std::string database, listen, tokens_file;  ///< empty tokens_file: none
    std::size_t metrics_workers_max{};
    std::int64_t stale_after_s{};
};

Result<stats::Tokens> read_tokens(const std::string& path) {
    HP_TRY(const auto text, cli::read_secret_text(path));
    return stats::Tokens::parse(text.reveal(), path);
}

class Answers {
  public:
    Answers(ServeOptions options, std::optional<stats::Tokens> tokens)
        : options_{std::move(options)}, tokens_{std::move(tokens)} {}

    net::HttpResponse answer(const net::HttpRequest& request) {
        if (request.method != "GET") {
            net::HttpResponse out{405, R"({"error":"only GET and HEAD"})"};
            out.headers.emplace_back("Allow", "GET, HEAD");
            return out;
        }
        const auto found = answer_get(request);
        net::HttpResponse out{found.status, found.body, found.content_type};
        out.headers.emplace_back("Cache-Control", "no-store");
        out.headers.emplace_back("X-Content-Type-Options", "nosniff");
        if (found.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
        return out;
    }

  private:
    stats::ApiAnswer answer_get(const net::HttpRequest& request) {
        auto parameters = query_parameters(request.query);
        if (!parameters) return {400, error_json(parameters.error().what)};
        // Opened for each request: a database that was missing or replaced needs no restart.
        auto reader = stats::Reader::open(options_.database);
        if (!reader) {
            warn_("{}", reader.error().what);
            return {503, error_json("the database cannot be read")};
        }
        stats::ApiContext context{.now = unix_ms_now(),
                                  .started = started_,
                                  .metrics_workers_max = options_.metrics_workers_max,
                                  .stale_after_s = options_.stale_after_s,
                                  .wal_bytes = stats::log_bytes_of(options_.database),
                                  .log_lines_dropped = log::dropped_lines()};
        auto out =
            stats::api_answer(*reader, {request.path, std::move(*parameters), scope_of(request)}, context);
        if (out.status == 500) {
            warn_("{}: {}", request.path, out.body);
            out.body = error_json("the database cannot be read");
        }
        return out;
    }

    static std::string error_json(const std::string& what) {
        std::string out = R"({"error":)";
        append_json_string(out, what);
        return out + "}";
    }

    stats::Scope scope_of(const net::HttpRequest& request) const {
        return tokens_ ? tokens_->scope_of(request.header("authorization")) : stats::Scope::workers;
    }

    ServeOptions options_;
    std::optional<stats::Tokens> tokens_;
    UnixMs started_{unix_ms_now()};
    log::Limited warn_{log::Level::warn};
};

class Serving final : public cli::Parts {
  public:
    static Result<std::unique_ptr<cli::Parts>> start(const ServeOptions& options, cli::Daemon& daemon);
    void stop(std::function<void()> stopped) override {
        server_->stop();
        stopped();
    }

  private:
    std::optional<Answers> answers_;
    std::unique_ptr<net::HttpServer> server_;
};

Result<std::unique_ptr<cli::Parts>> Serving::start(const ServeOptions& options, cli::Daemon& daemon) {
    HP_TRY(const auto endpoint, net::endpoint_from_text(options.listen));
    std::optional<stats::Tokens> tokens;
    if (!options.tokens_file.empty()) {
        HP_TRY(tokens, read_tokens(options.tokens_file));
    }
    HP_DO(stats::check_listener(endpoint.text(), endpoint.is_loopback(), tokens.has_value()));
    // A missing database is a mistake at start, but a temporary error later.
    if (auto reader = stats::Reader::open(options.database); !reader) return fail(reader.error());
    auto serving = std::make_unique<Serving>();
    serving->answers_.emplace(options, std::move(tokens));
    HP_TRY(serving->server_,
           net::HttpServer::listen(daemon.loop(), endpoint,
                                   {.request_ms = kRequestMs,
                                    .connections_max = config::kStatsPort.connections,
                                    .strangers_max = config::kStatsPort.strangers,
                                    .strangers_per_address_max = config::kStatsPort.strangers_per_address},
                                   false,
                                   [answers = &*serving->answers_](const net::HttpRequest& request,
                                                                   const net::HttpServer::Reply& reply) {
                                       reply(answers->answer(request));
                                   }));
    const std::string url = "http://" + serving->server_->bound().text() + "/";
    log::info("serving {}", url);
    daemon.ready("serving " + url);
    return serving;
}

ServeOptions options_from(const Program& program, const Where& where, const std::string& listen) {
    const auto& [command, stats, network] = program;
    const auto& key = where.is_proxy() ? network.proxy_stats_listen : network.pool_stats_listen;
    return {.database = database_of(where, program),
            .listen = listen.empty() ? key : listen,
            .tokens_file = stats.tokens_file.empty() ? "" : command.resolve_secret(stats.tokens_file),
            .metrics_workers_max = static_cast<std::size_t>(stats.metrics_workers),
            .stale_after_s = stats.stale_after_s};
}

}  // namespace

cli::Verb serve(const Program& program) {
    return {
        .name = "serve",
        .summary = "serve the figures over HTTP: JSON, and /metrics for Prometheus",
        .examples = {"hp-stats serve --config-dir d", "hp-stats serve pool.db --listen 127.0.0.1:9108"},
        .declare = [&program](cli::Options& add) -> cli::Action {
            auto where = std::make_shared<Where>();
            auto listen = std::make_shared<std::string>();
            add_database(add, *where);
            add.text("--listen", *listen, "HOST:PORT [key pool_stats_listen or proxy_stats_listen]")
                .value_name("ADDRESS");
            return cli::Action{[&program, where, listen] {
                       const auto options = options_from(program, *where, *listen);
                       return cli::serve(program.command, program.network, [&](cli::Daemon& daemon) {
                           return Serving::start(options, daemon);
                       });
                   }}
                .reading(
                    [listen] { return listen->empty() ? cli::Needs::everything : cli::Needs::own_file; });
        },
        .is_service = true,
    };
}

}  // namespace hp::hp_stats
