// An SV1 miner at the proxy, on hp-miner's own session.
#pragma once
#include <functional>
#include <map>

#include "crash/kill/oracle.hpp"
#include "miner/client.hpp"

namespace hp::crash {

class Sv1Player : private miner::ClientEvents {
  public:
    Sv1Player(net::Loop& loop, miner::Url proxy, Oracle& oracle, std::function<void()> on_change)
        : loop_{loop},
          proxy_{std::move(proxy)},
          oracle_{oracle},
          on_change_{std::move(on_change)},
          redial_{loop} {}
    ~Sv1Player() override { close(); }

    void connect();
    void close();
    bool is_ready() const { return session_ && work_; }
    void mine(std::uint64_t extranonce_start);
    /// If the current work makes the same header; false: it does not.
    bool resend(const SentShare& known);
    std::size_t unanswered() const { return unanswered_.size(); }

  private:
    void on_reached() override {}
    void on_heard() override {}
    void on_message(std::string_view) override {}
    void on_ready() override {}
    void on_work(std::shared_ptr<miner::Work> work) override;
    void on_accepted(std::uint32_t sequence) override;
    void on_accepted_up_to(std::uint32_t, std::uint32_t) override {}
    void on_rejected(std::uint32_t sequence, std::string_view reason) override;
    void on_quote(std::uint64_t) override {}
    void on_quote_failure(std::string_view) override {}
    void on_lost(const Error& reason) override;
    void on_hopeless(const Error& reason) override { on_lost(reason); }
    void dial();
    void submit(const miner::Share& share);

    net::Loop& loop_;
    miner::Url proxy_;
    Oracle& oracle_;
    std::function<void()> on_change_;
    net::Timer redial_;
    std::shared_ptr<miner::Client> session_;
    std::shared_ptr<const miner::Work> work_;
    std::uint32_t next_sequence_{0};
    std::map<std::uint32_t, Bytes32> unanswered_;
    bool wanted_{false};
};

}  // namespace hp::crash
