// Valid shares on their way to the disk, in groups: one transaction and one fsync for all that arrived while
// the last group was written. An idle loop does not wait for a timer.
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "net/clock.hpp"
#include "pool/outbox.hpp"

namespace hp::pool {

/// A valid share waiting for its intent to be durable.
struct PendingShare {
    std::weak_ptr<class MinerSession> session{};
    std::uint32_t channel_id{};
    std::uint32_t sequence_number{};
    std::uint64_t difficulty{};
    SteadyMs received_ms{};
};

class ShareQueue {
  public:
    /// Shares waiting for the disk; further ones are refused, to bound memory.
    static constexpr std::size_t kWaitingMax = 100'000;
    static constexpr std::size_t kGroupMax = 4096;
    /// A busy loop's group is committed when it is full or this old; an idle loop's at once. Every commit
    /// rewrites the index pages of the current second, so at full load a few milliseconds of delay save many
    /// writes.
    static constexpr SteadyMs kGroupWaitMs = 4;
    /// The loop is idle after this many turns without a new share: in the first, ready sockets may still be
    /// behind us in the loop's queue.
    static constexpr int kQuietTurns = 2;

    /// Shares with their intents, at the same index.
    struct Batch {
        std::vector<PendingShare> shares;
        std::vector<NewIntent> intents;
    };
    using Seqs = Result<std::vector<std::uint64_t>>;
    struct Ways {
        /// Calls at the loop's next turn.
        std::function<void(std::function<void()>)> post;
        /// Outbox::add.
        std::function<void(std::shared_ptr<const std::vector<NewIntent>>, std::function<void(Seqs)>)> store;
        /// A group is on disk, or failed; the numbers are the outbox's.
        std::function<void(const Batch&, Seqs)> committed;
    };
    ShareQueue(const net::Clock& clock, Ways ways) : clock_{clock}, ways_{std::move(ways)} {}

    /// Too many wait already: the disk is not keeping up.
    bool is_full() const { return waiting_.shares.size() >= kWaitingMax; }
    /// REQUIRES: !is_full()
    void add(PendingShare share, NewIntent intent);
    bool is_idle() const { return !committing_ && waiting_.shares.empty(); }

  private:
    void commit_soon();
    void wait_for_group(std::size_t size_before, int quiet_turns_left);
    void commit();

    const net::Clock& clock_;
    Ways ways_;
    Batch waiting_;
    SteadyMs waiting_since_ms_{0};
    bool committing_{false};
    bool commit_posted_{false};
};

}  // namespace hp::pool
