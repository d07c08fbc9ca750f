// The outbox: what makes an acknowledged share a quote for certain. A share's intent is committed here, with
// its fsync, before the share is acknowledged; it leaves only through the mint's answer. One writer, group
// commit.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "ehash/intent.hpp"
#include "store/writer.hpp"

namespace hp::pool {

/// An accepted share's intent with what the pool wants to know later (hp-quote explain).
struct NewIntent {
    ehash::Intent intent;
    std::string worker;  ///< user_identity, for people only
    UnixMs accepted_ms{};
};

enum class IntentState : int { pending = 0, acked = 2, dead = 3 };

struct StoredIntent {
    std::uint64_t seq{};
    ehash::Intent intent;
    /// Not pending: answered before, sent again because the mint does not have it any more.
    IntentState state{IntentState::pending};
};

struct QuoteAck {
    std::uint64_t seq{};
    std::string quote_id;
    UnixMs acked_ms{};
};

struct DeadLetter {
    std::uint64_t seq{};
    std::string reason;
};

class Outbox {
  public:
    struct Counts {
        std::uint64_t pending{}, dead{}, last_seq{};
    };
    /// Opens or creates; another process's outbox, a newer schema or another program's file is refused.
    static Result<std::unique_ptr<Outbox>> open(const std::string& path, store::Writer::Post post,
                                                UnixMs now);
    ~Outbox();

    /// This database's own random id: what the mint's last_seq speaks of.
    const Bytes32& store_id() const { return store_id_; }
    const Counts& counts_at_open() const { return counts_at_open_; }
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
    void ack(std::vector<QuoteAck> acks, std::function<void(Result<>)> done);
    void bury(DeadLetter dead, std::function<void(Result<>)> done);
    /// Up to `limit` intents from `from_seq` that are pending, or that the mint has no memory of (seq >
    /// mint_last_seq): quotes that it lost, and refusals, which would be holes in its count for ever.
    using OnPage = std::function<void(Result<std::vector<StoredIntent>>)>;
    void page(std::uint64_t from_seq, std::uint64_t mint_last_seq, std::size_t limit, OnPage done);

    /// What a mint is known by: its store and generation at the last session (rollback detection).
    struct MintMemory {
        Bytes32 mint_store{};
        std::uint64_t generation{};
    };
    std::optional<MintMemory> mint_memory(const crypto::XOnlyKey32& mint_key) const;
    void remember_mint(const crypto::XOnlyKey32& mint_key, const MintMemory& memory,
                       std::function<void(Result<>)> done);

    /// An fsync failed: nothing that this process writes can be trusted any more (AC-253). Restart it.
    bool is_dead() const { return writer_->is_dead(); }
    void drain() { writer_->drain(); }

  private:
    Outbox() = default;
    Bytes32 store_id_{};
    Counts counts_at_open_;
    std::vector<std::pair<Bytes32, Bytes32>> recent_at_open_;
    std::vector<std::pair<crypto::XOnlyKey32, MintMemory>> mints_;
    struct Statements;
    std::unique_ptr<Statements> statements_;
    std::unique_ptr<store::Writer> writer_;  // last: it goes first, and finishes its jobs
};

}  // namespace hp::pool
