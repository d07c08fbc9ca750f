// The proxy's event records that need more than their caller has at hand (man 5 hp-records).
#pragma once
#include <list>

#include "base/clock.hpp"
#include "proxy/channels.hpp"
#include "recordio/events.hpp"
#include "records/proxy.hpp"

namespace hp::mining {
class ShareTally;
}

namespace hp::proxy {

/// Miners closed and shares refused by the proxy itself, since the start.
struct Refusals {
    std::uint64_t closed_for_invalid_shares{}, closed_for_requests{}, closed_for_outage{};
    std::uint64_t shares_unjudged{};
};
struct Worker;

class Events : public recordio::Events {
  public:
    struct MinerStatus {
        std::uint64_t miner_id{};
        const std::string& peer;
        const std::list<Worker>& workers;
        const std::string& user_agent;
        UnixMs connected_ms{};
        std::optional<std::uint32_t> channel_id{};  ///< upstream; nothing: it is waiting for one
        Bytes32 target{};
        const Bytes& extranonce1;
        std::size_t extranonce2_size{};
        std::uint32_t version_mask{};
        const mining::ShareTally& tally;
    };
    void downstream_status(const MinerStatus& status);
    struct Rejected {
        std::uint64_t miner_id{};
        std::string_view peer;
        std::string_view worker{};
        std::string_view reason;
        const ByteArray<33>* locking_key{nullptr};
        std::optional<Bytes32> share_hash{};  ///< header byte order; nothing if its job is unknown
    };
    void share_rejected(const Rejected& share);
    void status(std::size_t miners, const UpstreamStatus& pool, bool mint_connected,
                std::uint64_t wallet_balance, const Refusals& refusals, std::int64_t clock_off_ms);

  private:
    UnixMs started_ms_{unix_ms_now()};
};

}  // namespace hp::proxy
