// The hub: the one place that knows which quotes are outstanding and who earned them. Committed intents go to
// the mint from here and their answers come back to here; the database holds the only copy that matters, this
// holds a bounded window of it.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/loop.hpp"
#include "pool/outbox.hpp"
#include "sv2/link.hpp"

namespace hp::pool {

/// The mining connection that a share came in on, as far as its quote is concerned.
class QuoteOwner {
  public:
    virtual ~QuoteOwner() = default;
    virtual void quote_created(std::uint32_t channel_id, std::uint32_t sequence_number,
                               const std::string& quote_id, std::uint64_t amount) = 0;
    virtual void quote_failed(std::uint32_t channel_id, std::uint32_t sequence_number, std::uint16_t code,
                              const std::string& text) = 0;
};

/// An authenticated mint session.
class QuoteCarrier {
  public:
    virtual ~QuoteCarrier() = default;
    virtual void carry(const StoredIntent& intent) = 0;
    virtual std::size_t max_inflight() const = 0;
};

/// What the hub tells the outside (events, logs).
class HubObserver {
  public:
    virtual ~HubObserver() = default;
    virtual void on_quote_created(const StoredIntent& intent, const std::string& quote_id, bool replay,
                                  UnixMs accepted_ms) = 0;
    virtual void on_quote_dead(const StoredIntent& intent, std::uint16_t code, const std::string& reason) = 0;
    virtual void on_alarm(const std::string& what) = 0;
};

class Hub {
  public:
    struct Owner {
        std::weak_ptr<QuoteOwner> connection;
        std::uint32_t channel_id{};
        std::uint32_t sequence_number{};
        UnixMs accepted_ms{};
    };
    struct Status {
        std::uint64_t pending{};  ///< committed, not answered (on disk, in the window or on the link)
        std::uint64_t inflight{};
        std::uint64_t created{};  ///< answered since start
        std::uint64_t dead{};
        bool mint_connected{};
    };

    Hub(net::Loop& loop, Outbox& outbox, HubObserver& observer);

    /// A share's intent is on disk.
    void committed(std::uint64_t seq, const ehash::Intent& intent, Owner owner);
    /// A mint session stands: everything that it has not stored goes to it, oldest first. Replaces the former
    /// carrier.
    void attach(std::shared_ptr<QuoteCarrier> carrier, std::uint64_t mint_last_seq);
    void detach(const QuoteCarrier* carrier);
    /// An error is the mint's breach of the protocol, for which its session ends.
    Result<> on_response(const QuoteCarrier* carrier, const sv2::link::QuoteResponse& response);
    Result<> on_error(const QuoteCarrier* carrier, const sv2::link::QuoteError& error);
    std::uint64_t last_committed_seq() const { return last_committed_; }
    Status status() const;

  private:
    void pump();
    /// In a second: what was postponed goes first, then the rest. A wait under way is not prolonged.
    void retry_later();
    void fetch();
    void save_acks();
    Outbox& outbox_;
    HubObserver& observer_;
    net::Timer retry_;
    net::Timer ack_retry_;

    std::shared_ptr<QuoteCarrier> carrier_;
    std::uint64_t session_{0};  // counts attaches, so that a page asked for an earlier one is dropped
    std::uint64_t mint_last_seq_{0};
    std::uint64_t loaded_until_{0};  // rows up to here are answered, in flight or in ready_
    std::uint64_t last_committed_{0};
    bool fetching_{false};
    bool retry_waits_{false};
    std::deque<StoredIntent> ready_;
    /// Refused for now by the mint, tried again in a second. They count as in flight, so that a mint whose
    /// disk is full does not draw the whole backlog into memory.
    std::vector<StoredIntent> postponed_;
    std::unordered_map<std::uint64_t, StoredIntent> inflight_;
    std::unordered_map<std::uint64_t, Owner> owners_;
    std::vector<QuoteAck> acks_;
    bool saving_acks_{false};
    std::uint64_t pending_{0}, created_{0}, dead_{0};
};

}  // namespace hp::pool
