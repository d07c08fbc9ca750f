// The mint's side of the link: dials the pool, authenticates, turns quote requests into quotes. Requests from
// one read go into one transaction; their answers are sent after its commit. Protocol: docs/quote-flow.md.
#pragma once
#include <memory>
#include <string>

#include "ehash/quote_request.hpp"
#include "mint/mint.hpp"
#include "net/frames.hpp"
#include "net/sd_notify.hpp"
#include "sv2/frame.hpp"
#include "sv2/link.hpp"

namespace hp::mint {

class LinkClient {
  public:
    struct Options {
        net::Endpoint pool;
        crypto::XOnlyKey32 pool_authority{};
        crypto::SecretKey link_key;
        ehash::Valuation valuation;
    };
    LinkClient(net::Loop& loop, Mint& mint, Options options);
    ~LinkClient();
    void start() { dial(); }
    void stop();
    bool is_up() const;

  private:
    class PoolLink;
    void dial();
    void lost(const std::string& reason);
    net::Loop& loop_;
    Mint& mint_;
    Options options_;
    ehash::QuoteChecker checker_;
    net::Timer redial_;
    net::Backoff backoff_{50, 15'000};
    std::unique_ptr<net::FrameDial> dialing_;
    std::shared_ptr<PoolLink> session_;
    std::string last_reason_;
    net::StatusLine status_line_;
    bool stopped_{false};
};

}  // namespace hp::mint
