// What an SV1 miner's session needs from the proxy. Free of sockets; time comes from the clock.
#pragma once
#include <functional>

#include "mining/allowance.hpp"
#include "net/clock.hpp"
#include "proxy/channels.hpp"
#include "proxy/events.hpp"
#include "proxy/outage.hpp"

namespace hp::proxy {

/// What the operator's keys mean to a session. A value that sessions use is declared and taken over here.
struct MinerTerms {
    std::uint16_t min_extranonce_size{8};
    double initial_hash_rate_hps{1e12};
    /// Invalid shares of one miner before it is closed; see mining/share_budget.hpp.
    std::uint32_t invalid_shares_max{300};
    /// Owner of shares whose worker names no key.
    crypto::PublicKey33 wallets_key{};

    /// Keys: config::Proxy, which rooms do not read.
    template <class Keys>
    void take(const Keys& keys) {
        min_extranonce_size = static_cast<std::uint16_t>(keys.min_extranonce_size);
        initial_hash_rate_hps = keys.initial_hash_rate_hps;
        invalid_shares_max = static_cast<std::uint32_t>(keys.invalid_shares_max);
    }
};

/// Takes the quotes of the wallet's own shares.
class QuoteTaker {
  public:
    virtual ~QuoteTaker() = default;
    /// `share_received_ms` 0: unknown.
    virtual void on_quote(const std::string& quote_id, std::uint64_t amount, SteadyMs share_received_ms) = 0;
    /// There may be quotes that nobody is notified of.
    virtual void look_for_quotes_soon() = 0;
};

/// Everything outlives the sessions.
struct ProxyServices {
    net::Clock& clock;
    Channels& pool;
    Events& events;
    QuoteTaker& quotes;
    Outage& outage;
    Refusals& refusals;
    const mining::Sources& sources;
    mining::Gifts& gifts;
    const MinerTerms& terms;
    /// The session has ended; it may be destroyed once its caller returns.
    std::function<void(std::uint64_t miner_id, const std::string& reason)> gone;
};

}  // namespace hp::proxy
