// The translator: SV1 miners below, one SV2 pool above, and the wallet that mints their quotes.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>

#include "mining/offenders.hpp"
#include "net/clock_guard.hpp"
#include "net/event_sink.hpp"
#include "net/lines.hpp"
#include "net/sd_notify.hpp"
#include "proxy/downstream.hpp"
#include "proxy/events.hpp"
#include "proxy/faucet.hpp"
#include "proxy/outage.hpp"
#include "proxy/upstreams.hpp"
#include "store/file_lock.hpp"
#include "wallet/wallet.hpp"

namespace hp::proxy {

struct ProxyOptions {
    net::Endpoint listen;
    Upstreams::Options pool;
    wallet::WalletOptions wallet;
    std::uint16_t min_extranonce_size{8};
    double initial_hash_rate_hps{1e12};
    /// Invalid shares of one miner before it is closed; see mining/share_budget.hpp.
    std::uint32_t invalid_shares_max{300};
    /// How long miners wait for a pool that is away; 0: for ever.
    SteadyMs outage_patience_ms{300'000};
    std::optional<Faucet::Options> faucet;
    net::EventOptions events;
};

class Proxy {
  public:
    static Result<std::unique_ptr<Proxy>> start(net::Loop& loop, ProxyOptions options);
    ~Proxy();
    net::Endpoint bound() const { return listener_->bound(); }
    /// Called once, when the pool is there and miners can work.
    std::function<void()> on_ready;
    /// Called once, when the process must end: the wallet's disk failed (AC-253).
    std::function<void(const Error&)> on_fatal;
    /// No new miners; quotes that are being minted get up to 2 s.
    void stop(std::function<void()> stopped);

  private:
    friend class Downstream;
    Proxy(net::Loop& loop, ProxyOptions options);
    void gone(Downstream& miner, const std::string& reason);
    void on_quote(const std::string& quote_id, std::uint64_t amount, SteadyMs share_received_ms);
    void on_minted(const wallet::Minted& minted);
    void connect_wallet();
    void refresh_balance();
    void find_quotes();
    void look_for_quotes_soon();
    void end_patience();
    void count_bad_line(const std::string& peer, std::uint64_t miner_id, const std::string& why);

    net::Loop& loop_;
    ProxyOptions options_;
    store::FileLock lock_;
    std::unique_ptr<net::EventSink> sink_;
    Events events_;
    net::ClockGuard clock_;
    std::unique_ptr<wallet::Wallet> wallet_;
    std::unique_ptr<Upstreams> upstream_;
    std::unique_ptr<net::LineListener> listener_;
    std::unique_ptr<Faucet> faucet_;
    Outage outage_;
    Refusals refusals_;
    mining::Offenders offenders_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Downstream>> miners_;
    std::uint64_t next_miner_id_{1};
    /// Quotes on their way into the wallet: when their share came in, for the latency that users feel.
    struct Expected {
        SteadyMs share_received_ms{};
        std::uint64_t amount{};
    };
    std::unordered_map<std::string, Expected> expected_;
    net::Timer wallet_retry_;
    net::Backoff wallet_backoff_{50, 10'000};
    net::Timer status_;
    net::StatusLine status_line_;
    net::Timer lookup_;
    net::Timer soon_;
    bool is_looking_soon_{false};
    /// Of the last answer that the wallet gave: nothing here waits for its database.
    std::uint64_t balance_{0};
    bool is_asking_balance_{false};
    bool is_ready_{false};
    bool had_mint_{false};
    std::string wallet_reason_;
};

}  // namespace hp::proxy
