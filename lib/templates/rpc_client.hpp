// A node's JSON-RPC: one request, one body back. Credentials come from the node's cookie file, or are a user
// and password.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "crypto/secret_text.hpp"
#include "net/http.hpp"

namespace hp::templates {

class RpcClient {
  public:
    struct Options {
        std::string url;
        std::string
            cookie_file{};  ///< read again if the node refuses us: it changes at every start of the node
        std::string user{};
        crypto::SecretText password{};
    };
    using OnDone = std::function<void(Result<std::string>)>;

    RpcClient(net::Loop& loop, Options options) : loop_{loop}, options_{std::move(options)} {}
    /// `params`: a JSON array. Any body that may be an answer is passed on, even with errors inside; if the
    /// node is unreachable, refuses our credentials, or returns an HTTP error page, the result is an error.
    /// Not called if destroyed before.
    void call(const std::string& method, const std::string& params, std::int64_t limit_ms, OnDone done);

  private:
    struct Call {
        std::string body;
        std::int64_t limit_ms;
        OnDone done;
        bool retried{false};  ///< each call is sent at most twice
    };
    Result<> connect();
    void send(std::shared_ptr<Call> call);
    void on_response(const std::shared_ptr<Call>& call, Result<net::HttpResponse> response);
    net::Loop& loop_;
    Options options_;
    std::unique_ptr<net::HttpClient> http_;
    /// Clients with an older cookie; they may still have calls in flight.
    std::vector<std::unique_ptr<net::HttpClient>> retired_;
    std::size_t running_{0};
    std::uint64_t next_id_{1};
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
};

}  // namespace hp::templates
