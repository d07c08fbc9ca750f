#include "proxy/faucet.hpp"

#include <nlohmann/json.hpp>

#include "base/bytes.hpp"
#include "config/limits.hpp"
#include "log/log.hpp"

namespace hp::proxy {
namespace {

using Json = nlohmann::ordered_json;

net::HttpResponse response(int status, const Json& body) {
    net::HttpResponse out{status, body.dump(-1, ' ', true, Json::error_handler_t::replace)};
    out.headers.emplace_back("Cache-Control", "no-store");
    out.headers.emplace_back("X-Content-Type-Options", "nosniff");
    return out;
}
constexpr std::int64_t kBalanceLimitMs = 2'000;

net::HttpResponse error(int status, const std::string& what) { return response(status, {{"error", what}}); }

}  // namespace

Result<std::uint64_t> faucet_amount(const std::string& body, std::uint64_t amount_max) {
    if (body.empty()) return amount_max;
    const auto json = Json::parse(body, nullptr, false);
    if (!json.is_object()) return fail(Errc::invalid, "the body is not a JSON object");
    for (const auto& [name, value] : json.items())
        if (name != "amount") return fail(Errc::invalid, "unknown member '" + printable(name, 32) + "'");
    if (!json.contains("amount")) return amount_max;
    const auto& amount = json["amount"];
    if (!amount.is_number_unsigned() || amount == 0 || amount > amount_max)
        return fail(Errc::invalid, "amount: expected a whole number from 1 to " + std::to_string(amount_max));
    return amount.get<std::uint64_t>();
}

Result<std::unique_ptr<Faucet>> Faucet::listen(net::Loop& loop, wallet::Wallet& wallet, Options options) {
    auto faucet = std::unique_ptr<Faucet>(new Faucet(loop, wallet, std::move(options)));
    const net::HttpLimits limits{.body_bytes_max = 1024,
                                 .request_ms = 10'000,
                                 .connections_max = config::kFaucetPort.connections,
                                 .strangers_max = config::kFaucetPort.strangers,
                                 .strangers_per_address_max = config::kFaucetPort.strangers_per_address};
    HP_TRY(faucet->server_,
           net::HttpServer::listen(
               loop, faucet->options_.listen, limits, false,
               [raw = faucet.get()](const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
                   raw->answer(request, reply);
               }));
    return faucet;
}

void Faucet::answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
    if (const auto fault = names_.fault_of(request)) return reply(error(403, *fault));
    const bool is_balance = request.path == "/balance", is_token = request.path == "/mint/tokens";
    if (!is_balance && !is_token) return reply(error(404, "available: /balance and /mint/tokens"));
    const char* method = is_balance ? "GET" : "POST";
    if (request.method != method) {
        auto out = error(405, std::string("only ") + method);
        out.headers.emplace_back("Allow", method);
        return reply(std::move(out));
    }
    if (is_balance) return answer_balance(reply);
    answer_token(request, reply);
}

void Faucet::ask_balance(OnBalance done) {
    auto once = std::make_shared<OnBalance>(std::move(done));
    auto limit = std::make_shared<net::Timer>(loop_);
    auto answer = [once, limit](const Result<wallet::Balance>& balance) {
        limit->cancel();
        if (auto call = std::exchange(*once, nullptr)) call(balance);
    };
    limit->after(kBalanceLimitMs, [answer = std::weak_ptr{once}] {
        auto self = answer.lock();
        if (!self) return;
        if (auto call = std::exchange(*self, nullptr))
            call(fail(Errc::timeout, "the wallet's database is in use"));
    });
    wallet_.balance(answer);
}

void Faucet::answer_balance(const net::HttpServer::Reply& reply) {
    ask_balance([this, reply](const Result<wallet::Balance>& balance) {
        if (!balance) return reply(error(503, "the wallet cannot be read: " + balance.error().what));
        reply(response(200, {{"balance", balance->unspent},
                             {"unit", options_.unit},
                             {"amount_max", options_.amount_max},
                             {"wait_ms", std::max<SteadyMs>(next_ms_ - steady_ms_now(), 0)}}));
    });
}

void Faucet::answer_token(const net::HttpRequest& request, const net::HttpServer::Reply& reply) {
    // A form on a foreign page cannot send this type, and a script there needs a CORS preflight, which is
    // never answered.
    if (!request.header("content-type").starts_with("application/json"))
        return reply(error(415, "expected the type application/json"));
    const auto amount = faucet_amount(request.body, options_.amount_max);
    if (!amount) return reply(error(400, amount.error().what));
    const SteadyMs now = steady_ms_now();
    if (now < next_ms_) {
        auto out = error(429, "one token every " + std::to_string(options_.interval_s) + " s");
        out.headers.emplace_back("Retry-After", std::to_string((next_ms_ - now + 999) / 1000));
        return reply(std::move(out));
    }
    // Before the wallet is asked: two requests at once get one token.
    next_ms_ = now + options_.interval_s * 1000;
    ask_balance([this, reply, amount = *amount, peer = request.peer](const Result<wallet::Balance>& balance) {
        if (balance && balance->unspent >= amount) return pay(amount, peer, reply);
        next_ms_ = 0;  // nothing was given away
        if (!balance) return reply(error(503, "the wallet cannot be read: " + balance.error().what));
        reply(error(400, "amount: the wallet has " + std::to_string(balance->unspent)));
    });
}

void Faucet::pay(std::uint64_t amount, const std::string& peer, const net::HttpServer::Reply& reply) {
    wallet_.send(amount, {}, [this, reply, amount, peer](Result<std::string> token) {
        if (!token) {
            next_ms_ = 0;
            log::warn("faucet: no token: {}", token.error().what);
            return reply(error(503, "the mint does not answer; nothing is lost, try again later"));
        }
        log::info("faucet: {}: a token of {} {}", peer, amount, options_.unit);
        reply(response(200, {{"token", *token}, {"amount", amount}, {"unit", options_.unit}}));
    });
}

}  // namespace hp::proxy
