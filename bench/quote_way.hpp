// The path of a quote after the share's validation: a pool's outbox, hub and link on one loop, a mint and its
// link client on another, real files and a real socket between them.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "bench/failure.hpp"
#include "bitcoin/header.hpp"
#include "mint/link_client.hpp"
#include "pool/link_server.hpp"

namespace hp::bench {

/// A loop on its own thread. A failure there ends the program.
class LoopThread {
  public:
    LoopThread();
    ~LoopThread();
    net::Loop& loop() { return loop_; }
    /// Runs `call` on the loop's thread and waits for it; its exception comes back here.
    void run(const std::function<void()>& call);

  private:
    net::Loop loop_;
    std::thread thread_;
};

/// What both ends must agree on. Every hash is a share, so that none need be searched for.
struct Agreement {
    crypto::SecretKey authority{crypto::SecretKey::generate()};
    crypto::SecretKey mint_key{crypto::SecretKey::generate()};
    ehash::Valuation valuation{.unit_bits = 0};
};

/// What hp-pool does from a valid share on. Made, used and destroyed on the loop's thread.
class PoolEnd : public pool::HubObserver {
  public:
    PoolEnd(net::Loop& loop, const Agreement& agreement, const std::string& outbox_path);

    /// Committed first (calls `accepted`), then sent to the mint.
    void accept(std::vector<pool::NewIntent> shares,
                std::function<void(const std::vector<std::uint64_t>& seqs)> accepted);
    /// The mint has committed and answered the quote of this row.
    std::function<void(std::uint64_t seq)> on_quote;
    net::Endpoint bound() const { return link_->bound(); }

  private:
    void on_quote_created(const pool::StoredIntent& row, const std::string&, bool,
                          std::optional<SteadyMs>) override {
        on_quote(row.seq);
    }
    void on_quote_dead(const pool::StoredIntent&, std::uint16_t, const std::string& reason) override;
    void on_alarm(const std::string& what) override { throw Failure(what); }

    std::unique_ptr<pool::Outbox> outbox_;
    std::unique_ptr<pool::Hub> hub_;
    std::unique_ptr<pool::LinkServer> link_;
};

/// hp-mint without its wallets. Made and destroyed on its loop's thread.
class MintEnd {
  public:
    MintEnd(net::Loop& loop, const Agreement& agreement, const net::Endpoint& pool,
            const std::string& database);
    ~MintEnd();

  private:
    std::unique_ptr<mint::Mint> mint_;
    mint::LinkClient client_;
};

/// Different shares of a thousand owners, each mined on demand.
class Shares {
  public:
    explicit Shares(const Agreement& agreement);
    pool::NewIntent next();

  private:
    Agreement agreement_;
    std::vector<crypto::PublicKey33> owners_;
    bitcoin::BlockHeader header_;
    bitcoin::Target easiest_{};
};

}  // namespace hp::bench
