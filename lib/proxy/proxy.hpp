// The translator's core: SV1 miners, the pool's channels for them, and the wallet that mints their quotes. It
// has no sockets and no clock; proxy_service.hpp provides both.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/backoff.hpp"
#include "proxy/downstream.hpp"
#include "wallet/quote_wallet.hpp"

namespace hp::proxy {

class Proxy final : public QuoteTaker {
  public:
    struct Parts {
        net::Clock& clock;
        Channels& pool;
        wallet::QuoteWallet& wallet;
        Events& events;
    };
    struct Options {
        MinerTerms terms;
        /// How long miners wait for a pool that is down; 0: for ever.
        SteadyMs outage_patience_ms{300'000};
        /// Addresses that many miners share (mining/source.hpp).
        std::vector<IpNet> sources_exempt{};
        std::string mint_url;  ///< for the log
    };
    Proxy(Parts parts, Options options);
    ~Proxy() override;

    /// Called once, when the pool is up and miners can work.
    std::function<void()> on_ready;
    /// Connects the wallet, and looks for quotes from time to time.
    void start();
    void add_miner(std::shared_ptr<net::LineConnection> connection);

    /// The first connection to the pool is up; a further one is up; the last one is gone.
    void on_pool_ready();
    void on_further_connection() { look_for_quotes_soon(); }
    void on_pool_lost();

    void on_minted(const wallet::Minted& minted);
    void on_parked(const std::string& quote_id, const std::string& reason);

    /// To be called once a second.
    void each_second();
    void send_status(const UpstreamStatus& pool, std::int64_t clock_off_ms);
    /// "3 miners; pool up, mint away"
    std::string status_text() const;
    /// Closes the miners; quotes that are being minted get up to 2 s.
    void stop(std::function<void()> stopped);

  private:
    void on_quote(const std::string& quote_id, std::uint64_t amount, SteadyMs share_received_ms) override;
    void look_for_quotes_soon() override;
    void connect_wallet();
    void refresh_balance();
    void find_quotes();
    void end_patience();
    void watch_mint();
    void tell_who_waits();
    void close_miners();

    Parts parts_;
    Options options_;
    Outage outage_;
    Refusals refusals_;
    mining::Sources sources_;
    mining::Gifts gifts_;
    ProxyServices services_;
    std::unordered_map<std::uint64_t, std::shared_ptr<Downstream>> miners_;
    std::uint64_t next_miner_id_{1};
    /// Quotes on their way into the wallet: when their share came in, for the latency that users see.
    struct Expected {
        SteadyMs share_received_ms{};
        std::uint64_t amount{};
    };
    std::unordered_map<std::string, Expected> expected_;
    net::Timer wallet_retry_;
    net::Backoff wallet_backoff_{50, 10'000};
    net::Timer lookup_;
    net::Timer soon_;
    bool is_looking_soon_{false};
    /// From the wallet's last answer: nothing here waits for its database.
    std::uint64_t balance_{0};
    bool is_asking_balance_{false};
    bool is_ready_{false};
    bool had_mint_{false};
    std::string wallet_reason_;
};

}  // namespace hp::proxy
