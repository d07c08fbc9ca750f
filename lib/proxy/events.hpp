// The proxy's event records (man 5 hp-records).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace hp::net {
class EventSink;
}

namespace hp::proxy {

class Events {
  public:
    void to(net::EventSink* sink) { sink_ = sink; }
    void miner_connected(std::uint64_t miner_id, const std::string& peer);
    void miner_authorized(std::uint64_t miner_id, std::string_view worker, std::string_view user_agent);
    void miner_disconnected(std::uint64_t miner_id, std::string_view worker, std::string_view reason);
    void share_accepted(std::uint64_t miner_id, std::string_view worker, SteadyMs latency_ms);
    void share_rejected(std::uint64_t miner_id, std::string_view worker, std::string_view reason);
    void quote_for_other_key(std::uint64_t miner_id, std::string_view worker, const std::string& quote_id,
                             std::uint64_t amount);
    void quote_failed(std::uint64_t miner_id, std::string_view worker, std::string_view reason);
    /// A quote became ehash in the wallet. `share_to_token_ms` is from the miner's line to the stored proof;
    /// below 0 unknown (the share was another process's life).
    void token_minted(const std::string& quote_id, std::uint64_t amount, std::int64_t share_to_token_ms);
    void quote_parked(const std::string& quote_id, const std::string& reason);
    void status(std::size_t miners, bool pool_connected, bool mint_connected, std::uint64_t wallet_balance);

  private:
    bool off() const;
    net::EventSink* sink_{nullptr};
};

}  // namespace hp::proxy
