// hp-stats serve: the figures over HTTP, read-only, alongside ingest.
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/url.hpp"
#include "cli/secrets.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "net/protection.hpp"
#include "net/sd_notify.hpp"
#include "stats/sql.hpp"
#include "stats/tokens.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

constexpr std::int64_t kRequestMs = 10'000;

Result<stats::Tokens> read_tokens(const std::string& path) {
    HP_TRY(const auto text, cli::read_secret_text(path));
    return stats::Tokens::parse(text.reveal(), path);
}

class Service {
  public:
    Service(const ServeOptions& options, std::optional<stats::Tokens> tokens)
        : options_{options}, tokens_{std::move(tokens)} {}

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

    const ServeOptions& options_;
    std::optional<stats::Tokens> tokens_;
    UnixMs started_{unix_ms_now()};
    log::Limited warn_{log::Level::warn};
};

}  // namespace

Result<> serve(const ServeOptions& options) {
    HP_TRY(const auto endpoint, net::endpoint_from_text(options.listen));
    std::optional<stats::Tokens> tokens;
    if (!options.tokens_file.empty()) {
        HP_TRY(tokens, read_tokens(options.tokens_file));
    }
    HP_DO(stats::check_listener(endpoint.text(), endpoint.is_loopback(), tokens.has_value()));
    // A missing database is a mistake at start, but a temporary error later.
    if (auto reader = stats::Reader::open(options.database); !reader) return fail(reader.error());
    Service service{options, std::move(tokens)};
    net::Loop loop;
    net::protect(loop, options.protection);
    HP_TRY(const auto server,
           net::HttpServer::listen(loop, endpoint,
                                   {.request_ms = kRequestMs,
                                    .connections_max = config::kStatsPort.connections,
                                    .strangers_max = config::kStatsPort.strangers,
                                    .strangers_per_address_max = config::kStatsPort.strangers_per_address},
                                   false,
                                   [&](const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
                                       reply(service.answer(request));
                                   }));
    loop.handle_signals(
        [&] {
            net::sd_notify("STOPPING=1");
            server->stop();
            loop.stop();
        },
        options.on_hangup);
    log::info("serving http://{}/", server->bound().text());
    net::sd_notify("READY=1\nSTATUS=serving http://" + server->bound().text() + "/");
    loop.run();
    return {};
}

}  // namespace hp::hp_stats
