// The site: its files, and what comes from the feed. One for each side.
#pragma once
#include <string>

#include "web/faucet.hpp"
#include "web/feed.hpp"

namespace hp::web {

enum class Side { pool, proxy };

class Site {
  public:
    /// `faucet`: the proxy's side only, else null. `miner_port`: where its miners connect.
    Site(Side side, Feed& feed, Faucet* faucet, std::uint16_t miner_port)
        : side_{side}, feed_{feed}, faucet_{faucet}, miner_port_{miner_port} {}
    void answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply);

  private:
    Side side_;
    Feed& feed_;
    Faucet* faucet_;
    std::uint16_t miner_port_;
};

}  // namespace hp::web
