// hp-stats serve: the figures over HTTP, read-only and beside ingest.
#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "cli/secrets.hpp"
#include "crypto/sha256.hpp"
#include "log/log.hpp"
#include "net/http.hpp"
#include "net/sd_notify.hpp"
#include "stats/api.hpp"
#include "verbs.hpp"

namespace hp::hp_stats {
namespace {

constexpr std::size_t kConnectionsMax = 64;
constexpr std::int64_t kRequestMs = 10'000;
constexpr std::size_t kTokenSizeMin = 16;

/// What each token's hash may see. Looked up by hash, so that the time it takes tells nothing of a token.
using Tokens = std::map<Bytes32, stats::Scope>;

Bytes32 hash_of(std::string_view token) { return crypto::sha256(as_bytes(token)); }

Result<Tokens> read_tokens(const std::string& path) {
    HP_TRY(const auto text, cli::read_secret_text(path));
    Tokens out;
    std::string_view rest = text;
    for (int line = 1; !rest.empty(); ++line) {
        const auto row = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(row.size() + 1, rest.size()));
        if (row.empty() || row[0] == '#') continue;
        const auto wrong = [&](const std::string& why) {
            return fail(Errc::usage, path + ":" + std::to_string(line) + ": " + why);
        };
        const auto space = row.find(' ');
        if (space == std::string_view::npos || row.find(' ', space + 1) != std::string_view::npos)
            return wrong("expected SCOPE TOKEN, one space between them");
        const auto scope = stats::scope_from_text(row.substr(0, space));
        if (!scope) return wrong(scope.error().what);
        if (row.size() - space - 1 < kTokenSizeMin)
            return wrong("the token is shorter than " + std::to_string(kTokenSizeMin) + " characters");
        out[hash_of(row.substr(space + 1))] = *scope;
    }
    if (out.empty()) return fail(Errc::usage, path + ": there is no token in it");
    return out;
}

class Service {
  public:
    Service(const ServeOptions& options, std::optional<Tokens> tokens)
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
        auto parameters = net::query_parameters(request.query);
        if (!parameters) return {400, error_json(parameters.error().what)};
        // Opened for each request: a database that was away, or was replaced, needs no restart.
        auto reader = stats::Reader::open(options_.database);
        if (!reader) {
            warn_("{}", reader.error().what);
            return {503, error_json("the database cannot be read")};
        }
        stats::ApiContext context{.now = unix_ms_now(),
                                  .started = started_,
                                  .metrics_workers_max = options_.metrics_workers_max,
                                  .stale_after_s = options_.stale_after_s};
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
        if (!tokens_) return stats::Scope::workers;
        constexpr std::string_view kBearer = "Bearer ";
        const std::string given = request.header("authorization");
        if (!given.starts_with(kBearer)) return stats::Scope::none;
        const auto found = tokens_->find(hash_of(std::string_view(given).substr(kBearer.size())));
        return found == tokens_->end() ? stats::Scope::none : found->second;
    }

    const ServeOptions& options_;
    std::optional<Tokens> tokens_;
    UnixMs started_{unix_ms_now()};
    log::Limited warn_{log::Level::warn};
};

}  // namespace

Result<> serve(const ServeOptions& options) {
    HP_TRY(const auto endpoint, net::endpoint_from_text(options.listen));
    std::optional<Tokens> tokens;
    if (!options.tokens_file.empty()) {
        HP_TRY(tokens, read_tokens(options.tokens_file));
    } else if (!endpoint.is_loopback()) {
        return fail(Errc::usage,
                    "listening on " + endpoint.text() + " shows every worker's name to whoever can reach it",
                    "set tokens_file, or listen on 127.0.0.1");
    }
    // A database that is not there is a mistake now, and an error of the moment later.
    HP_TRY(const auto reader, stats::Reader::open(options.database));
    Service service{options, std::move(tokens)};
    net::Loop loop;
    HP_TRY(const auto server,
           net::HttpServer::listen(loop, endpoint,
                                   {.request_ms = kRequestMs, .connections_max = kConnectionsMax}, false,
                                   [&](const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
                                       reply(service.answer(request));
                                   }));
    loop.handle_signals(
        [&] {
            net::sd_notify("STOPPING=1");
            server->stop();
            loop.stop();
        },
        [] { log::reopen(); });
    log::info("serving http://{}/", server->bound().text());
    net::sd_notify("READY=1\nSTATUS=serving http://" + server->bound().text() + "/");
    loop.run();
    return {};
}

}  // namespace hp::hp_stats
