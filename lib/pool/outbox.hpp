// The outbox: what makes an acknowledged share a quote for certain. A share's intent is committed here, with
// its fsync, before the share is acknowledged; it leaves only through the mint's answer. One writer, group
// commit.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "ehash/intent.hpp"
#include "ehash/mint_mark.hpp"
#include "pool/row_seq.hpp"
#include "store/writer.hpp"

namespace hp::pool {

/// An accepted share's intent with what the pool wants to know later (hp-quote explain).
struct NewIntent {
    ehash::Intent intent;
    std::string worker;  ///< user_identity, for people only
    UnixMs accepted_ms{};
    MintId mint{};  ///< chosen once, here; a row never moves to another mint
};

enum class IntentState : int { pending = 0, acked = 2, dead = 3 };

struct StoredIntent {
    std::uint64_t seq{};
    ehash::Intent intent;
    /// Not pending: answered before, sent again because the mint does not have it any more.
    IntentState state{IntentState::pending};
    /// The mint may have made its quote, and lost it with its database.
    bool may_be_lost{false};
};

struct QuoteAck {
    std::uint64_t seq{};
    std::string quote_id;
    UnixMs acked_ms{};
    /// For the hub's counts. The journal keeps the earlier id of a row that was answered before.
    IntentState state_before{IntentState::pending};
};

struct DeadLetter {
    std::uint64_t seq{};
    std::string reason;
    UnixMs dead_ms{};
};

/// What a mint was when it last linked: its database and that one's generation (rollback detection).
struct MintMemory {
    Bytes32 mint_store{};
    std::uint64_t generation{};
    std::optional<ehash::MintMark> mark{};  ///< how far its ledger had come
};
/// A mint that rows were, are or will be routed to, as the outbox knew it when it was opened.
struct KnownMint {
    std::string name;
    std::optional<MintMemory> memory;  ///< nothing before its first link
    std::uint64_t pending{}, dead{};   ///< rows
    std::uint64_t last_count{};        ///< the highest number given to a row of this mint
    std::uint64_t asked_until{};  ///< the highest number that the mint was ever asked for, or may have been
    std::uint64_t again_until{};  ///< the same, as it was when the mint last came back with an old database
};

class Outbox {
  public:
    /// Opens or creates; another process's outbox, a newer schema or another program's file is refused. Mints
    /// whose names it has not seen get the next numbers.
    static Result<std::unique_ptr<Outbox>> open(const std::string& path,
                                                std::span<const std::string> mint_names,
                                                store::Writer::Post post, UnixMs now);
    ~Outbox();

    /// This database's own random id: what a mint's last_seq speaks of.
    const Bytes32& store_id() const { return store_id_; }
    /// All mints that it has seen; the index is the MintId.
    const std::vector<KnownMint>& mints_at_open() const { return mints_at_open_; }
    /// Share hashes accepted under these tips (by prev_hash), for rebuilding the duplicate check at start.
    const std::vector<std::pair<Bytes32, Bytes32>>& recent_at_open() const { return recent_at_open_; }

    /// Commits all in one transaction. Per intent: its sequence number, or 0 where the share was accepted
    /// before.
    using OnAdded = std::function<void(Result<std::vector<std::uint64_t>>)>;
    /// The intents must stay as they are until then; they are shared because the caller needs them again.
    void add(std::shared_ptr<const std::vector<NewIntent>> intents, OnAdded done);
    void add(std::vector<NewIntent> intents, OnAdded done) {
        add(std::make_shared<const std::vector<NewIntent>>(std::move(intents)), std::move(done));
    }
    /// Gives the rows whose quote id another row has already: they stay as they were.
    using OnAcked = std::function<void(Result<std::vector<std::uint64_t>>)>;
    /// Committed with what comes next, or soon.
    void ack(std::shared_ptr<const std::vector<QuoteAck>> acks, OnAcked done);
    void ack(std::vector<QuoteAck> acks, OnAcked done) {
        ack(std::make_shared<const std::vector<QuoteAck>>(std::move(acks)), std::move(done));
    }
    /// Refused by the mint for good: kept with the reason, in the journal too.
    void bury(DeadLetter dead, std::function<void(Result<>)> done);
    /// Dead letters become pending again, which the journal keeps; others stay as they are. Gives those that
    /// did. Empty `seqs`: all dead ones, at most `limit`.
    using OnRows = std::function<void(Result<std::vector<StoredIntent>>)>;
    void requeue(std::vector<std::uint64_t> seqs, std::size_t limit, std::string by, UnixMs now, OnRows done);
    /// Up to `limit` intents of a mint from row `from_seq` that are pending, or that the mint has no memory
    /// of (seq > mint_last_seq): quotes that it lost, and refusals, which would be holes in its count for
    /// ever.
    void page(std::uint64_t from_seq, std::uint64_t mint_last_seq, std::size_t limit, OnRows done);
    /// When the oldest pending share of a mint was accepted.
    void oldest_pending(MintId mint, std::function<void(Result<std::optional<UnixMs>>)> done);

    /// A session begins. Gives false, and remembers nothing, when `open_row`, of which the mint says that it
    /// never stored it, is answered. `again_until`: KnownMint's, which never falls.
    void remember_mint(MintId mint, const MintMemory& memory, std::optional<std::uint64_t> open_row,
                       std::uint64_t again_until, std::function<void(Result<bool>)> done);
    /// A session is over, and the mint was never asked for a higher number.
    void save_asked(MintId mint, std::uint64_t asked_until);

    /// A mint's newest mark, with what comes next, or soon.
    void save_mark(MintId mint, const ehash::MintMark& mark, std::function<void(Result<>)> done);

    /// An fsync failed: nothing that this process writes can be trusted any more (AC-253). Restart it.
    bool is_dead() const { return writer_->is_dead(); }
    void drain() { writer_->drain(); }
    store::LogState log_state() const { return writer_->log_state(); }

  private:
    Outbox() = default;
    void read_all(store::Database& db, std::span<const std::string> mint_names, UnixMs now);
    Bytes32 store_id_{};
    std::vector<KnownMint> mints_at_open_;
    std::vector<std::pair<Bytes32, Bytes32>> recent_at_open_;
    struct Rows;
    std::unique_ptr<Rows> rows_;
    std::unique_ptr<store::Writer> writer_;  // last: it goes first, and finishes its jobs
};

/// The outbox's file alone, for tools; a pool that runs holds its lock, and this is refused.
Result<store::Database> open_outbox_file(const std::string& path, store::Mode mode);
/// For a file that was restored from a backup: a new identity, so that every mint is asked again for every
/// row (the same share gives the same quote) instead of refusing a pool that has forgotten what it gave away.
void adopt_outbox(store::Database& db, UnixMs now);
/// What Outbox::requeue does, on the file itself. Gives the rows that became pending.
std::vector<StoredIntent> requeue_rows(store::Database& db, const std::vector<std::uint64_t>& seqs,
                                       std::size_t limit, const std::string& by, UnixMs now);

}  // namespace hp::pool
