#include "templates/rpc_client.hpp"

#include <fstream>
#include <nlohmann/json.hpp>

#include "templates/gbt.hpp"

namespace hp::templates {
namespace {

// A block of 4 MB is 8 MB of hex, plus its transactions' ids.
constexpr std::size_t kBodyMax = 32u << 20;
constexpr std::size_t kCookieMax = 1024;

struct Login {
    std::string user, password;
};

Result<Login> read_cookie(const std::string& path) {
    std::ifstream in{path, std::ios::binary};
    if (!in)
        return fail(Errc::io, "cannot read the node's cookie file '" + path + "'",
                    "is the node running, and may this user read its files?");
    std::string text(kCookieMax, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0)
        return fail(Errc::invalid, "the node's cookie file '" + path + "' is not of the form user:password");
    return Login{text.substr(0, colon), text.substr(colon + 1)};
}

}  // namespace

Result<> RpcClient::connect() {
    Login login{options_.user, options_.password.reveal()};
    if (!options_.cookie_file.empty()) {
        HP_TRY(login, read_cookie(options_.cookie_file));
    }
    net::HttpClient::Options options;
    options.basic_user = login.user;
    options.basic_password = login.password;
    options.body_bytes_max = kBodyMax;
    HP_TRY(auto http, net::HttpClient::create(loop_, options_.url, options));
    if (http_) retired_.push_back(std::move(http_));
    http_ = std::move(http);
    return {};
}

void RpcClient::call(const std::string& method, const std::string& params, std::int64_t limit_ms,
                     OnDone done) {
    nlohmann::json body{{"jsonrpc", "1.0"}, {"id", next_id_++}, {"method", method}};
    body["params"] = nlohmann::json::parse(params);
    auto call = std::make_shared<Call>(Call{body.dump(), limit_ms, std::move(done)});
    if (!http_) {
        if (auto connected = connect(); !connected) {
            loop_.post([call, alive = std::weak_ptr(alive_), error = connected.error()]() mutable {
                if (!alive.expired()) call->done(fail(std::move(error)));
            });
            return;
        }
    }
    send(std::move(call));
}

void RpcClient::send(std::shared_ptr<Call> call) {
    const std::string& body = call->body;
    const std::int64_t limit_ms = call->limit_ms;
    ++running_;
    http_->request(
        "POST", "/", body,
        [this, alive = std::weak_ptr(alive_), call](Result<net::HttpResponse> response) {
            if (alive.expired()) return;
            // We are inside a call of the client to be destroyed, so not before this turn is over.
            if (--running_ == 0 && !retired_.empty())
                loop_.post([old = std::make_shared<decltype(retired_)>(std::move(retired_))] {});
            on_response(call, std::move(response));
        },
        limit_ms);
}

void RpcClient::on_response(const std::shared_ptr<Call>& call, Result<net::HttpResponse> response) {
    if (!response) {
        // Nodes close connections that are idle for half a minute, sometimes just when we send. All our calls
        // may be repeated: submitblock answers "duplicate".
        const bool closed = response.error().code == Errc::io && !std::exchange(call->retried, true);
        return closed ? send(call) : call->done(fail(std::move(response).error()));
    }
    const auto with_words = [&](std::string text) {
        const std::string words = words_of_error(response->body);
        return words.empty() ? text : text + ": " + words;
    };
    switch (response->status) {
        case 200:
        case 404:  // Bitcoin Core: unknown method
        case 400:  // Bitcoin Core: invalid request
        case 500:  // Bitcoin Core: any other error object
            return call->done(std::move(response->body));
        case 401: {
            const bool with_cookie = !options_.cookie_file.empty();
            if (with_cookie && !std::exchange(call->retried, true)) {
                if (auto connected = connect(); !connected)
                    return call->done(fail(std::move(connected).error()));
                return send(call);
            }
            return call->done(fail(Errc::refused, with_words("the node refuses our user or password"),
                                   with_cookie ? "does rpc_cookie_file belong to this node?"
                                               : "check rpc_user and rpc_password_file"));
        }
        case 403:
            return call->done(
                fail(Errc::refused, with_words("the node refuses our address"), "see the node's rpcallowip"));
        default:
            return call->done(fail(Errc::io, with_words("the node answers with HTTP status " +
                                                        std::to_string(response->status))));
    }
}

}  // namespace hp::templates
