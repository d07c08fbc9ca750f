// The faucet of hp-proxy for the proxy's page: its balance, and a token with its QR code.
#pragma once
#include <memory>

#include "net/http.hpp"

namespace hp::web {

class Faucet {
  public:
    static Result<std::unique_ptr<Faucet>> connect(net::Loop& loop, const net::Endpoint& proxy_api);
    /// hp-proxy's balance; {"amount_max":null} if it has no faucet, or is down.
    void balance(const net::HttpServer::Reply& reply);
    /// A token: hp-proxy's answer with "qr" (see qr_rows) or null; refusals are passed on unchanged.
    void token(const net::HttpRequest& request, const net::HttpServer::Reply& reply);

  private:
    std::unique_ptr<net::HttpClient> client_;
};

}  // namespace hp::web
