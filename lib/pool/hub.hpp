// The hub: the one place that knows the mints, which quotes are outstanding at each, and who earned them. It
// sends committed intents to their mints and takes the answers. The database is authoritative; the hub holds
// a bounded window of it.
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

/// What a quote needs of the mining connection that its share came from.
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
    virtual std::string peer() const = 0;
    /// Closes the session for our own reason.
    virtual void end(const std::string& why) = 0;
};

/// A mint as operators see it: identified by its name, never by a port number.
struct MintStatus {
    MintId id{};
    std::string name;
    bool is_configured{};  ///< in allowed_mint_keys; another one may still have rows waiting for it
    bool is_connected{};
    UnixMs since_ms{};        ///< of the current state (at the earliest since the pool's start)
    std::string peer;         ///< while connected
    std::uint64_t pending{};  ///< backlog: committed, not answered (on disk, in the window or on the link)
    std::uint64_t inflight{};
    std::uint64_t created{};        ///< answered since the pool's start
    std::uint64_t wrong_answers{};  ///< answers that match no request, since the pool's start
    std::uint64_t dead{};
    UnixMs oldest_pending_ms{};  ///< when the oldest share of the backlog was accepted; 0: no backlog
};

/// What the hub reports to the outside (events, logs).
class HubObserver {
  public:
    virtual ~HubObserver() = default;
    virtual void on_quote_created(const StoredIntent& intent, const std::string& quote_id, bool replay,
                                  std::optional<SteadyMs> received_ms) = 0;
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
        /// Nothing: before this process started.
        std::optional<SteadyMs> received_ms{};
    };

    /// `configured`: names of the mints that rows may go to.
    Hub(net::Loop& loop, Outbox& outbox, HubObserver& observer, std::span<const std::string> configured);
    ~Hub();

    /// A share's intent is on disk.
    void committed(std::uint64_t seq, const ehash::Intent& intent, Owner owner);
    /// A session of this mint is up: everything that the mint has not stored is sent, oldest first. Closes an
    /// older session of the same mint.
    void attach(MintId mint, std::shared_ptr<QuoteCarrier> carrier, std::uint64_t mint_last_count);
    void detach(const QuoteCarrier* carrier);
    /// `response.seq` and `error.seq` count the mint's rows, as on the link. A wrong answer raises an alarm
    /// and affects only its row: the request is sent again in a second. Answers to nothing are ignored.
    void on_response(const QuoteCarrier* carrier, const sv2::link::QuoteResponse& response);
    void on_error(const QuoteCarrier* carrier, const sv2::link::QuoteError& error);
    /// Sends requeued dead letters again (rows from Outbox::requeue).
    void requeued(const std::vector<StoredIntent>& rows);

    std::optional<MintId> find_mint(std::string_view name) const;
    /// What a mint's LinkAuth is checked against.
    std::uint64_t last_count(MintId mint) const;
    const std::optional<MintMemory>& memory(MintId mint) const;
    /// With its fsync, before the mint gets LinkAuth.Success.
    /// Returns false, and stores nothing, if the row of `open_count` is answered: the mint forgot it.
    /// `is_rollback`: it came with an old database, so it may have lost any quote it was asked for.
    void remember(MintId mint, const MintMemory& memory, std::optional<std::uint64_t> open_count,
                  bool is_rollback, std::function<void(Result<bool>)> done);

    /// How far the mint's ledger has come. Saved with the next write; nothing waits for it.
    void note_mark(MintId mint, const ehash::MintMark& mark);

    /// Looks up the oldest intents of the backlogs, for later statuses.
    void refresh_oldest();
    MintStatus status(MintId mint) const;
    std::vector<MintStatus> statuses() const;

  private:
    struct MintBacklog;
    MintBacklog& backlog_of(std::uint64_t seq) { return *backlogs_.at(mint_of_row(seq)); }
    MintBacklog* find_backlog(const QuoteCarrier* carrier);
    void reset(MintBacklog& backlog);
    void pump(MintBacklog& backlog);
    void retry_later(MintBacklog& backlog);
    void postpone(MintBacklog& backlog, StoredIntent row);
    void fetch(MintBacklog& backlog);
    void on_page(MintBacklog& backlog, Result<std::vector<StoredIntent>> page);
    void save_mark(MintBacklog& backlog);
    void save_acks();
    void send_acks();
    void on_acks_refused(const std::vector<std::uint64_t>& refused);
    /// The writer may answer after the hub's destruction.
    template <class F>
    auto while_alive(F call) {
        return [weak = std::weak_ptr{alive_}, call = std::move(call)](auto result) {
            if (weak.lock()) call(std::move(result));
        };
    }
    Outbox& outbox_;
    HubObserver& observer_;
    net::Timer ack_retry_;
    std::shared_ptr<bool> alive_{std::make_shared<bool>(true)};
    std::vector<std::unique_ptr<MintBacklog>> backlogs_;  // by MintId
    std::unordered_map<std::uint64_t, Owner> owners_;
    std::vector<QuoteAck> acks_;
    std::shared_ptr<const std::vector<QuoteAck>> acks_on_way_;  // to the outbox, or to send again
    std::unordered_map<std::uint64_t, StoredIntent> unsaved_;   // the rows of both
};

}  // namespace hp::pool
