// An SV2 miner at the pool: some extended channels with their own locking key. It keeps its shares and can
// send one again to the restarted pool, whose crash build allocates the same extranonce prefixes.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "crash/kill/oracle.hpp"
#include "miner/url.hpp"
#include "net/frames.hpp"
#include "sv2/frame.hpp"
#include "sv2/mining.hpp"

namespace hp::crash {

class Sv2Player {
  public:
    static constexpr std::size_t kChannels = 4;
    struct Events {
        std::function<void()> on_change;
        std::function<void(const std::string& quote_id, std::uint64_t amount)> on_quote;
    };
    Sv2Player(net::Loop& loop, miner::Url pool, crypto::PublicKey33 locking_key, Oracle& oracle,
              Events events);
    ~Sv2Player();

    /// Dials until it has all channels, with work.
    void connect();
    void close();
    bool is_ready() const;
    bool is_up() const { return session_ != nullptr; }
    /// Finds a share and sends it. REQUIRES: is_ready()
    void mine(std::size_t channel, std::uint64_t extranonce_start);
    /// Sends a share again if one of the channels makes the same header; false: none does.
    bool resend(const SentShare& known);
    /// Unanswered shares; accepted ones without a quote.
    std::size_t unanswered() const;
    std::size_t unquoted() const;

  private:
    class Client;
    void dial();
    void lost(const Error& reason);
    net::Loop& loop_;
    miner::Url pool_;
    crypto::PublicKey33 locking_key_;
    Oracle& oracle_;
    Events events_;
    net::Timer redial_;
    std::unique_ptr<net::FrameDial> dial_;
    std::shared_ptr<Client> session_;
    bool wanted_{false};
};

}  // namespace hp::crash
