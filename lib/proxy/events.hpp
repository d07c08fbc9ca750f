// The proxy's event records (man 5 hp-records).
#pragma once
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "proxy/channels.hpp"

namespace hp::net {
class EventSink;
}
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

class Events {
  public:
    void to(net::EventSink* sink) { sink_ = sink; }
    void miner_connected(std::uint64_t miner_id, const std::string& peer);
    void miner_authorized(std::uint64_t miner_id, std::string_view worker, std::string_view user_agent);
    void miner_refused(std::uint64_t miner_id, const std::string& peer, std::string_view worker,
                       std::string_view reason);
    void miner_channel_refused(std::uint64_t miner_id, std::string_view worker, std::string_view reason);
    void upstream_refused(std::string_view pool, std::string_view reason);
    void miner_disconnected(std::uint64_t miner_id, std::string_view worker, std::string_view reason);
    struct MinerStatus {
        std::uint64_t miner_id{};
        const std::string& peer;
        const std::list<Worker>& workers;
        const std::string& user_agent;
        UnixMs connected_ms{};
        std::optional<std::uint32_t> channel_id{};  ///< upstream; nothing: it waits for one
        Bytes32 target{};
        const Bytes& extranonce1;
        std::size_t extranonce2_size{};
        std::uint32_t version_mask{};
        const mining::ShareTally& tally;
    };
    void downstream_status(const MinerStatus& status);
    void share_accepted(std::uint64_t miner_id, std::string_view worker, SteadyMs latency_ms);
    struct Rejected {
        std::uint64_t miner_id{};
        std::string_view peer;
        std::string_view worker{};
        std::string_view reason;
        const ByteArray<33>* locking_key{nullptr};
        std::optional<Bytes32> share_hash{};  ///< header byte order; nothing where its job is not known
    };
    void share_rejected(const Rejected& share);
    void quote_for_other_key(std::uint64_t miner_id, std::string_view worker, const std::string& quote_id,
                             std::uint64_t amount);
    void quote_failed(std::uint64_t miner_id, std::string_view worker, std::string_view reason);
    /// A quote became ehash in the wallet. `share_to_token_ms` is from the miner's line to the stored proof;
    /// below 0 unknown (the share was another process's life).
    void token_minted(const std::string& quote_id, std::uint64_t amount, std::int64_t share_to_token_ms);
    void alarm(const std::string& what);
    void quote_parked(const std::string& quote_id, const std::string& reason);
    void status(std::size_t miners, const UpstreamStatus& pool, bool mint_connected,
                std::uint64_t wallet_balance, const Refusals& refusals, std::int64_t clock_off_ms);

  private:
    bool off() const;
    UnixMs started_ms_{unix_ms_now()};
    net::EventSink* sink_{nullptr};
};

}  // namespace hp::proxy
