// The site: its files, and the feed's data. One per side.
#pragma once
#include <string>

#include "net/http_names.hpp"
#include "web/faucet.hpp"
#include "web/feed.hpp"

namespace hp::web {

enum class Side { pool, proxy };

class Site {
  public:
    /// `faucet`: only on the proxy's side, else null. `miner_port`: where its miners connect. `names`: host
    /// names under which the faucet is served.
    Site(Side side, Feed& feed, Faucet* faucet, std::uint16_t miner_port, net::HttpNames names)
        : side_{side}, feed_{feed}, faucet_{faucet}, miner_port_{miner_port}, names_{std::move(names)} {}
    void answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply);

  private:
    Side side_;
    Feed& feed_;
    Faucet* faucet_;
    std::uint16_t miner_port_;
    net::HttpNames names_;
};

}  // namespace hp::web
