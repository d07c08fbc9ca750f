#include "web/faucet.hpp"

#include <strings.h>

#include <nlohmann/json.hpp>

#include "web/page_json.hpp"
#include "web/qr.hpp"

namespace hp::web {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kTokenMs = 15'000;
constexpr std::size_t kAnswerBytesMax = 1u << 20;

net::HttpResponse away() { return {503, R"({"error":"hp-proxy has no faucet, or does not answer"})"}; }

/// The answer with only its status and a JSON object.
net::HttpResponse checked(const Result<net::HttpResponse>& answer, bool adds_qr) {
    if (!answer) return away();
    Json json = Json::parse(answer->body, nullptr, false);
    if (!json.is_object()) return away();
    if (adds_qr) {
        const auto token = json.find("token");
        const auto rows =
            token != json.end() && token->is_string() ? qr_rows(token->get<std::string>()) : std::nullopt;
        json["qr"] = rows ? Json(*rows) : Json(nullptr);
    }
    net::HttpResponse out{answer->status, page_text(std::move(json))};
    for (const auto& [name, value] : answer->headers)
        if (::strcasecmp(name.c_str(), "Retry-After") == 0) out.headers.emplace_back(name, value);
    return out;
}

}  // namespace

Result<std::unique_ptr<Faucet>> Faucet::connect(net::Loop& loop, const net::Endpoint& proxy_api) {
    auto faucet = std::make_unique<Faucet>();
    HP_TRY(faucet->client_,
           net::HttpClient::create(loop, "http://" + proxy_api.text(),
                                   {.request_ms = kTokenMs, .body_bytes_max = kAnswerBytesMax}));
    return faucet;
}

void Faucet::balance(const net::HttpServer::Reply& reply) {
    client_->request("GET", "/balance", {}, [reply](Result<net::HttpResponse> answer) {
        // Most proxies have no faucet: that is a normal answer, not an error for the browser's console.
        auto out = checked(answer, false);
        reply(out.status == 200 ? std::move(out) : net::HttpResponse{200, R"({"amount_max":null})"});
    });
}

void Faucet::token(const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
    // As in hp-proxy: foreign pages cannot send this type without a CORS preflight.
    if (!request.header("content-type").starts_with("application/json"))
        return reply({415, R"({"error":"expected the type application/json"})"});
    client_->request("POST", "/mint/tokens", request.body.empty() ? "{}" : request.body,
                     [reply](Result<net::HttpResponse> answer) {
                         reply(checked(answer, answer && answer->status == 200));
                     });
}

}  // namespace hp::web
