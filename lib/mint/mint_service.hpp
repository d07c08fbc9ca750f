// The mint as a service: its ledger and keys, the API towards wallets, the link towards the pool, and its
// upkeep.
#pragma once
#include <memory>
#include <optional>

#include "mint/api.hpp"
#include "mint/link_client.hpp"
#include "mint/mint.hpp"
#include "mint/upkeep.hpp"

namespace hp::mint {

struct ServiceOptions {
    MintOptions mint;
    net::Endpoint http_listen;
    LinkClient::Options link;
    std::uint64_t wal_alarm_bytes{0};  ///< of the ledger's log; 0: no alarm
};

class MintService {
  public:
    /// Opens the ledger, listens for wallets, dials the pool.
    static Result<std::unique_ptr<MintService>> start(net::Loop& loop, ServiceOptions options);
    /// What the writer has still to do is done first, and uses the API.
    ~MintService();
    /// No new requests; what was taken in is committed and answered; then `stopped` is called.
    void stop(std::function<void()> stopped);

    net::Endpoint bound() const { return api_->bound(); }
    /// Called once, when the process must end: its disk has failed.
    std::function<void(const Error&)> on_fatal;

  private:
    explicit MintService(net::Loop& loop) : loop_{loop} {}
    net::Loop& loop_;
    std::unique_ptr<Mint> mint_;
    std::unique_ptr<Api> api_;
    std::optional<LinkClient> link_;
    std::optional<Upkeep> upkeep_;
};

}  // namespace hp::mint
