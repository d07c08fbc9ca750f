#include "web/site.hpp"

#include <algorithm>

#include "base/json_text.hpp"
#include "base/url.hpp"
#include "log/log.hpp"
#include "web/assets.hpp"

namespace hp::web {
namespace {

/// Nothing external, no inline scripts, no frames.
constexpr const char* kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'";

net::HttpResponse with_headers(net::HttpResponse response) {
    response.headers.emplace_back("Content-Security-Policy", kPolicy);
    response.headers.emplace_back("X-Content-Type-Options", "nosniff");
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    response.headers.emplace_back("Cache-Control", "no-store");
    return response;
}

net::HttpResponse error(int status, const std::string& what) {
    return with_headers({status, R"({"error":")" + what + R"("})"});
}

}  // namespace

void Site::answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
    const auto reply_with_headers = [reply](net::HttpResponse response) {
        reply(with_headers(std::move(response)));
    };
    if (faucet_ && request.path == "/api/faucet")
        if (const auto fault = names_.fault_of(request)) {
            std::string text;
            append_json_string(text, *fault);
            return reply_with_headers({403, R"({"error":)" + text + "}"});
        }
    if (faucet_ && request.path == "/api/faucet" && request.method == "POST")
        return faucet_->token(request, reply_with_headers);
    if (request.method != "GET") {
        auto out = error(405, "only GET and HEAD");
        out.headers.emplace_back("Allow", "GET, HEAD");
        return reply(std::move(out));
    }
    if (faucet_ && request.path == "/api/faucet") return faucet_->balance(reply_with_headers);
    if (request.path == "/api/settings")
        return reply_with_headers({200, R"({"miner_port":)" + std::to_string(miner_port_) + "}"});
    if (request.path == "/metrics")
        return reply_with_headers({200,
                                   "# HELP hashpool_status Last value of each number of the status records.\n"
                                   "# TYPE hashpool_status gauge\n"
                                   "hashpool_status{source=\"hp-web\",field=\"log_lines_dropped\"} " +
                                       std::to_string(log::dropped_lines()) + "\n",
                                   "text/plain; version=0.0.4; charset=utf-8"});
    if (request.path == "/api/state") return reply_with_headers({200, feed_.state_json()});
    if (request.path == "/api/history") {
        const auto parameters = query_parameters(request.query);
        const bool is_right = parameters && parameters->size() == 1 && parameters->contains("span") &&
                              Feed::is_span(parameters->at("span"));
        if (!is_right) return reply(error(400, "expected span=1h, 24h or 7d"));
        return feed_.history(parameters->at("span"), reply_with_headers);
    }
    if (request.path == "/events") {
        auto out = with_headers({200, {}, "text/event-stream"});
        out.headers.emplace_back("X-Accel-Buffering",
                                 "no");  // nginx would hold back events until a buffer is full
        out.stream = [this](std::shared_ptr<net::HttpStream> stream) { feed_.subscribe(std::move(stream)); };
        return reply(std::move(out));
    }
    const std::string path = request.path != "/"   ? request.path
                             : side_ == Side::pool ? "/pool.html"
                                                   : "/proxy.html";
    const auto asset = std::ranges::find(assets(), path, &Asset::path);
    // The other side's page is not part of this site.
    const bool is_other = path == (side_ == Side::pool ? "/proxy.html" : "/pool.html");
    if (asset == assets().end() || is_other) return reply(error(404, "not found"));
    reply(with_headers({200, std::string(asset->body), std::string(asset->content_type)}));
}

}  // namespace hp::web
