// The site: its files, and what comes from the feed. One for each side.
#pragma once
#include <string>

#include "web/feed.hpp"

namespace hp::web {

enum class Side { pool, proxy };

class Site {
  public:
    Site(Side side, Feed& feed) : side_{side}, feed_{feed} {}
    void answer(const net::HttpRequest& request, const net::HttpServer::Reply& reply);

  private:
    Side side_;
    Feed& feed_;
};

}  // namespace hp::web
