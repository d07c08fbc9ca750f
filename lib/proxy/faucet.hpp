// The wallet over HTTP for this machine's pages: its balance, and tokens from it, one per interval. Off
// unless an operator sets an amount: anyone who can reach the port gets the tokens.
#pragma once
#include <memory>
#include <string>

#include "net/http_names.hpp"
#include "wallet/wallet.hpp"

namespace hp::proxy {

class Faucet {
  public:
    struct Options {
        net::Endpoint listen;
        std::vector<std::string> public_names{};  ///< see net::HttpNames
        std::uint64_t amount_max{};               ///< of a token, also the default of requests
        std::int64_t interval_s{};                ///< between tokens
        std::string unit;
    };
    static Result<std::unique_ptr<Faucet>> listen(net::Loop& loop, wallet::Wallet& wallet, Options options);
    net::Endpoint bound() const { return server_->bound(); }
    void stop() { server_->stop(); }

  private:
    Faucet(net::Loop& loop, wallet::Wallet& wallet, Options options)
        : loop_{loop},
          wallet_{wallet},
          options_{std::move(options)},
          names_{options_.listen, options_.public_names} {}
    void answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply);
    using OnBalance = std::function<void(Result<wallet::Balance>)>;
    /// The wallet's answer, or an error if its database is busy.
    void ask_balance(OnBalance done);
    void answer_balance(const net::HttpServer::Reply& reply);
    void answer_token(const net::HttpRequest& request, const net::HttpServer::Reply& reply);

    void pay(std::uint64_t amount, const std::string& peer, const net::HttpServer::Reply& reply);

    net::Loop& loop_;
    wallet::Wallet& wallet_;
    Options options_;
    net::HttpNames names_;
    SteadyMs next_ms_{0};  ///< no token before this time
    std::unique_ptr<net::HttpServer> server_;
};

/// The amount that the body of POST /mint/tokens asks for: {"amount": N}, or `amount_max` if it is empty or
/// {}.
Result<std::uint64_t> faucet_amount(const std::string& body, std::uint64_t amount_max);

}  // namespace hp::proxy
