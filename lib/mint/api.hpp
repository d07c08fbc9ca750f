// The Cashu HTTP API of a mint with the method `ehash`. Facts: NUT-00 to 04, 06, 07, 09, 12, 19, 20, 29 and
// the draft quote lookup.
#pragma once
#include <memory>

#include "mint/mint.hpp"
#include "net/http.hpp"

namespace hp::mint {

class Api {
  public:
    static Result<std::unique_ptr<Api>> listen(net::Loop& loop, Mint& mint, const net::Endpoint& endpoint);
    net::Endpoint bound() const { return server_->bound(); }
    void stop() { server_->stop(); }

  private:
    using Reply = net::HttpServer::Reply;
    explicit Api(Mint& mint) : mint_{mint} {}
    void handle(const net::HttpRequest& request, Reply reply);
    void dispatch(const net::HttpRequest& request, Reply reply);
    bool handle_get(const net::HttpRequest& request, const Reply& reply);
    bool handle_post(const net::HttpRequest& request, const Reply& reply);
    void get_quote(const std::string& id, Reply reply);
    void check_quotes(const std::string& body, Reply reply);
    void lookup(const std::string& body, Reply reply);
    void mint_quote(const net::HttpRequest& request, Reply reply);
    void mint_batch(const net::HttpRequest& request, Reply reply);
    void swap(const net::HttpRequest& request, Reply reply);
    void check_state(const std::string& body, Reply reply);
    void restore(const std::string& body, Reply reply);
    /// Runs `work` on the ledger and answers with its JSON, or with its error.
    void answer(std::function<Answer<std::string>(Ledger&)> work, Reply reply);
    /// Likewise for requests that return signatures, with their event.
    enum class Kind : std::uint8_t { mint, swap };
    void sign(std::function<Answer<Signed>(Ledger&)> work, Kind kind, Reply reply);
    Mint& mint_;
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace hp::mint
