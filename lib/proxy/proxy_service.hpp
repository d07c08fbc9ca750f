// The proxy as a service: the core with its listener, its connections to the pool, its wallet and records.
#pragma once
#include <memory>

#include "net/clock_guard.hpp"
#include "net/lines.hpp"
#include "net/sd_notify.hpp"
#include "proxy/faucet.hpp"
#include "proxy/proxy.hpp"
#include "proxy/upstreams.hpp"
#include "recordio/event_sink.hpp"
#include "store/file_lock.hpp"
#include "wallet/wallet.hpp"

namespace hp::proxy {

struct ServiceOptions {
    net::Endpoint listen;
    Upstreams::Options pool;
    wallet::WalletOptions wallet;
    MinerTerms terms;  ///< its `wallets_key` is the wallet's
    SteadyMs outage_patience_ms{300'000};
    std::optional<Faucet::Options> faucet;
    recordio::EventSink* events{nullptr};  ///< null: no records; flushed after the service is gone
};

class ProxyService {
  public:
    static Result<std::unique_ptr<ProxyService>> start(net::Loop& loop, ServiceOptions options);
    net::Endpoint bound() const { return listener_->bound(); }
    /// Called once, when the pool is up and miners can work.
    std::function<void()> on_ready;
    /// Called once, when the process must end: the wallet's disk failed (AC-253).
    std::function<void(const Error&)> on_fatal;
    /// No new miners; quotes that are being minted get up to 2 s.
    void stop(std::function<void()> stopped);

  private:
    explicit ProxyService(net::Loop& loop);
    Result<> open_wallet(net::Loop& loop, const wallet::WalletOptions& options);
    Result<> open_faucet(net::Loop& loop, const Faucet::Options& options);
    void connect_parts();
    void each_second();

    store::FileLock lock_;
    Events events_;
    net::ClockGuard clock_;
    std::unique_ptr<wallet::Wallet> wallet_;
    std::unique_ptr<Upstreams> upstreams_;
    std::unique_ptr<Proxy> proxy_;
    std::unique_ptr<net::LineListener> listener_;
    std::unique_ptr<Faucet> faucet_;
    net::Timer second_;
    net::StatusLine status_line_;
};

}  // namespace hp::proxy
