// The outbox guarantees that an acknowledged share becomes a quote. A share's intent is committed here, with
// its fsync, before the share is acknowledged; it stays pending until the mint answers. One writer, group
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
#include "pool/archive.hpp"
#include "pool/row_seq.hpp"
#include "store/writer.hpp"
#include "wire/types.hpp"

namespace hp::mining {
struct ExtendedJob;
}

namespace hp::pool {

/// An accepted share's intent, with details for later (hp-quote explain).
struct NewIntent {
    ehash::Intent intent;
    std::string worker;  ///< user_identity, for display only
    UnixMs accepted_ms{};
    MintId mint{};  ///< chosen once; a row never moves to another mint
    /// Of which the header's coinbase was made, with the whole extranonce between its halves: stored, so that
    /// it can be checked later whom the share would have paid.
    std::shared_ptr<const mining::ExtendedJob> job{};
    wire::B0_32 extranonce{};
};

enum class IntentState : int { pending = 0, acked = 2, dead = 3 };

struct StoredIntent {
    std::uint64_t seq{};
    ehash::Intent intent;
    /// Not pending: answered before, sent again because the mint no longer has it.
    IntentState state{IntentState::pending};
    /// The mint may have created its quote, and lost it with its database.
    bool may_be_lost{false};
};

struct QuoteAck {
    std::uint64_t seq{};
    std::string quote_id;
    UnixMs acked_ms{};
    /// For the hub's counts. The journal keeps the previous quote id of a row that was answered before.
    IntentState state_before{IntentState::pending};
};

struct DeadLetter {
    std::uint64_t seq{};
    std::string reason;
    UnixMs dead_ms{};
};

/// A mint's database and its generation at the last link (rollback detection).
struct MintMemory {
    Bytes32 mint_store{};
    std::uint64_t generation{};
    std::optional<ehash::MintMark> mark{};  ///< how far its ledger had come
};
/// A mint that rows were, are or will be routed to, as of the opening of the outbox.
struct KnownMint {
    std::string name;
    std::optional<MintMemory> memory;  ///< nothing before its first link
    std::uint64_t pending{}, dead{};   ///< rows
    std::uint64_t last_count{};        ///< the highest number given to a row of this mint
    std::uint64_t asked_until{};       ///< the highest number that may ever have been sent to the mint
    std::uint64_t archived_until{};    ///< see Outbox::archived_until
    std::uint64_t again_until{};       ///< that number when the mint last came back with an old database
};

class Outbox {
  public:
    /// Opens or creates; refuses an outbox in use, a newer schema or another program's file. New mint names
    /// get the next ids.
    static Result<std::unique_ptr<Outbox>> open(const std::string& path,
                                                std::span<const std::string> mint_names,
                                                store::Writer::Post post, UnixMs now);
    ~Outbox();

    /// This database's random id: a mint's last_seq refers to it.
    const Bytes32& store_id() const { return store_id_; }
    /// All mints ever seen; the index is the MintId.
    const std::vector<KnownMint>& mints_at_open() const { return mints_at_open_; }
    /// Share hashes accepted under these tips (by prev_hash), for rebuilding the duplicate check at start.
    const std::vector<std::pair<Bytes32, Bytes32>>& recent_at_open() const { return recent_at_open_; }

    /// Commits all in one transaction. Per intent: its sequence number, or 0 if the share was accepted
    /// before.
    using OnAdded = std::function<void(Result<std::vector<std::uint64_t>>)>;
    /// The intents must not change until then; they are shared because the caller still needs them.
    void add(std::shared_ptr<const std::vector<NewIntent>> intents, OnAdded done);
    void add(std::vector<NewIntent> intents, OnAdded done) {
        add(std::make_shared<const std::vector<NewIntent>>(std::move(intents)), std::move(done));
    }
    /// Returns the rows whose quote id another row already has: they are left unchanged.
    using OnAcked = std::function<void(Result<std::vector<std::uint64_t>>)>;
    /// Committed with the next write, or soon.
    void ack(std::shared_ptr<const std::vector<QuoteAck>> acks, OnAcked done);
    void ack(std::vector<QuoteAck> acks, OnAcked done) {
        ack(std::make_shared<const std::vector<QuoteAck>>(std::move(acks)), std::move(done));
    }
    /// Refused for good by the mint: kept with the reason, in the journal too.
    void bury(DeadLetter dead, std::function<void(Result<>)> done);
    /// Makes dead letters pending again, with a journal entry; ignores other rows. Returns those it changed.
    /// Empty `seqs`: all dead letters, at most `limit`.
    using OnRows = std::function<void(Result<std::vector<StoredIntent>>)>;
    void requeue(std::vector<std::uint64_t> seqs, std::size_t limit, std::string by, UnixMs now, OnRows done);
    /// Up to `limit` intents of a mint from row `from_seq` that are pending, or that the mint does not know
    /// (seq > mint_last_seq): quotes that it lost, and refusals, which would be gaps in its count for ever.
    void page(std::uint64_t from_seq, std::uint64_t mint_last_seq, std::size_t limit, OnRows done);
    /// When the oldest pending share of a mint was accepted.
    void oldest_pending(MintId mint, std::function<void(Result<std::optional<UnixMs>>)> done);

    /// A session begins. Returns false, and stores nothing, if `open_row`, which the mint says it never
    /// stored, is answered. `again_until`: that of KnownMint, which never decreases.
    void remember_mint(MintId mint, const MintMemory& memory, std::optional<std::uint64_t> open_row,
                       std::uint64_t again_until, std::function<void(Result<bool>)> done);
    /// A session is over; no higher number was ever sent to the mint.
    void save_asked(MintId mint, std::uint64_t asked_until);

    /// Deletes rows that an archive has, or jobs of such rows; false: no job was left. Nothing waits for
    /// them.
    void drop_archived(std::shared_ptr<const ArchiveSlice> slice, std::function<void(Result<>)> done);
    void drop_archived_jobs(std::function<void(Result<bool>)> done);
    void note_archived(const ArchiveRequest& request, UnixMs now, std::function<void(Result<>)> done);
    /// Rows up to this count are in archives, and cannot be sent to the mint again.
    std::uint64_t archived_until(MintId mint) const { return mints_at_open_.at(mint).archived_until; }

    /// A mint's newest mark; committed with the next write, or soon.
    void save_mark(MintId mint, const ehash::MintMark& mark, std::function<void(Result<>)> done);

    /// An fsync failed: nothing this process writes can be trusted any more (AC-253). Restart it.
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
    std::unique_ptr<store::Writer> writer_;  // last: destroyed first, which finishes its jobs
};

/// For tools, on the outbox's file without a pool; refused while a running pool holds its lock.
Result<store::Database> open_outbox_file(const std::string& path, store::Mode mode);
/// For a file restored from a backup: gives it a new store id, so that every row is sent to its mint again
/// (the same share gives the same quote), and the mint does not refuse a pool that has reused row numbers.
void adopt_outbox(store::Database& db, UnixMs now);
/// Outbox::requeue on the file itself. Returns the rows that became pending.
std::vector<StoredIntent> requeue_rows(store::Database& db, const std::vector<std::uint64_t>& seqs,
                                       std::size_t limit, const std::string& by, UnixMs now);

}  // namespace hp::pool
