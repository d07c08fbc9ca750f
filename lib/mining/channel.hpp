// The server's view of a mining channel: jobs, targets, shares, acknowledgements. Not thread-safe: a channel
// lives on its connection's thread. Shared jobs are immutable.
#pragma once
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "base/token_bucket.hpp"
#include "mining/duplicates.hpp"
#include "mining/job.hpp"
#include "mining/share.hpp"
#include "mining/vardiff.hpp"

namespace hp::mining {

using JobPtr = std::shared_ptr<const ExtendedJob>;
using TipPtr = std::shared_ptr<const Tip>;

/// Jobs of the current tip that a channel remembers; the oldest is dropped first.
inline constexpr std::size_t kActiveJobsMax = 16;
/// Future jobs that wait for their tip.
inline constexpr std::size_t kFutureJobsMax = 4;
/// Ids of jobs that a new tip made stale, so that their late shares are refused as stale, not unknown.
inline constexpr std::size_t kStaleJobIdsMax = 32;
/// The newest jobs of the previous tip are kept in full, so that their late shares can be hashed; all of them
/// if late shares may count (LateRule).
inline constexpr std::size_t kLateJobsMax = 2;
/// A job keeps its target until the next tip (spec 5.3.21), also after a harder one was sent. So that a miner
/// cannot flood at the easy target until then, the easier jobs together may bring this many shares at once
/// and this many per second: what a miner that is slow to change jobs finds meanwhile.
inline constexpr std::uint32_t kSupersededSharesMax = 10'000;
inline constexpr std::uint32_t kSupersededSharesPerSecond = 20;

/// What becomes of shares of the previous tip's jobs.
struct LateRule {
    SteadyMs grace_ms{0};  ///< how long after the new tip they are excused; 0: not at all
    bool is_paid{
        true};  ///< excused means: counts as any share; false: only that it is not held against the miner
};

/// The answer to one share.
struct Verdict {
    Outcome outcome{Outcome::invalid_job_id};
    /// The hash meets the job's target, so the share is paid. If the channel's target is harder than the
    /// network's, a block may be found without this: submit it, answer "difficulty-too-low", pay nothing.
    bool credited{false};
    /// A block for the previous tip: refused or not, it may still win against the block that made it late.
    bool is_late_block{false};
    bool is_excused{false};             ///< stale, but within LateRule::grace_ms
    bitcoin::Target credited_target{};  ///< the job's target: what the share is worth
    std::uint64_t difficulty{};         ///< difficulty of that target, at least 1: for on_durable
    Bytes32 hash{};                     ///< header byte order; zero if nothing was hashed
    bitcoin::HeaderBytes header{};
    JobPtr job{};                     ///< the share's job if known, for SubmitSolution and events
    wire::B0_32 extranonce_prefix{};  ///< the prefix that this job was sent with
    TipPtr tip{};                     ///< of the job; set if the share is refused and its job known

    bool accepted() const { return credited; }
    bool is_block() const { return outcome == Outcome::block || is_late_block; }
    /// REQUIRES: not accepted()
    wire::ShareRefusal refusal() const;
};

enum class ChannelKind : std::uint8_t { extended, standard };

class Channel {
  public:
    struct Terms {
        std::uint32_t channel_id{};
        ChannelKind kind{ChannelKind::extended};
        wire::B0_32 extranonce_prefix{};
        std::uint8_t extranonce_size{};  ///< 0 on a standard channel
        bitcoin::Target target{};        ///< for jobs from now on
        LateRule late{};
    };
    explicit Channel(const Terms& terms);

    std::uint32_t channel_id() const { return terms_.channel_id; }
    ChannelKind kind() const { return terms_.kind; }
    const wire::B0_32& extranonce_prefix() const { return terms_.extranonce_prefix; }
    std::uint8_t extranonce_size() const { return terms_.extranonce_size; }
    std::size_t full_extranonce_size() const {
        return terms_.extranonce_prefix.size + terms_.extranonce_size;
    }
    const bitcoin::Target& target() const { return terms_.target; }
    /// Null until the first tip.
    const TipPtr& tip() const { return tip_; }
    /// The job last activated; null until there is one.
    JobPtr current_job() const;

    /// SetTarget was sent: applies to jobs activated from now on. Active jobs keep theirs, so send a job
    /// right after it (SV2 5.3.21, AC-066).
    void set_target(const bitcoin::Target& target) { terms_.target = target; }
    /// SetExtranoncePrefix was sent: earlier jobs keep the old prefix (AC-067). REQUIRES: the same size
    void set_extranonce_prefix(ByteView prefix);

    /// A job on the current tip was sent and is active at once. REQUIRES: tip(); job ids of a channel are not
    /// reused; job->full_extranonce_size == full_extranonce_size()
    void add_job(JobPtr job);
    /// A future job was sent. Beyond kFutureJobsMax the oldest is dropped.
    void add_future_job(JobPtr job);
    /// A new tip was sent with its future job: every other job is stale from now on. False, with all jobs
    /// stale, if that job is unknown.
    bool activate(std::uint32_t job_id, TipPtr tip, SteadyMs now_ms);
    /// A new tip without a future job: add_job follows.
    void set_tip(TipPtr tip, SteadyMs now_ms);

    /// Checks one share, in SRI's order: stale job, unknown job, extranonce size, ntime, version bits, hash,
    /// duplicate. A refused one is hashed too, for later queries, if its job is known, from this tip or the
    /// previous one. Allocates nothing except in `seen` and for a job's first share. `ntime_max`: now +
    /// kNtimeAheadMax, seconds since 1970.
    Verdict check(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen);

    /// An accepted share is durable: it may be acknowledged. `difficulty` is its verdict's.
    void on_durable(std::uint32_t sequence_number, std::uint64_t difficulty);
    std::uint32_t unacknowledged() const { return unacknowledged_.new_submits_accepted_count; }
    /// The acknowledgement of all shares that became durable since the last call, if any.
    std::optional<sv2::mining::SubmitSharesSuccess> take_acknowledgement();

    std::uint64_t accepted_count() const { return accepted_count_; }
    std::uint64_t rejected_count() const { return rejected_count_; }

  private:
    struct Prepared {
        std::uint64_t difficulty{0};
        CoinbaseMidstate midstate;
        Bytes32 standard_root{};  ///< on a standard channel
    };
    struct ActiveJob {
        JobPtr job;
        bitcoin::Target target;
        wire::B0_32 extranonce_prefix;
        std::unique_ptr<Prepared>
            prepared{};  ///< by the first share: most jobs of most channels never see one
    };
    struct FutureJob {
        JobPtr job;
        wire::B0_32 extranonce_prefix;
    };
    void put_in_force(JobPtr job, const wire::B0_32& prefix);
    void make_all_stale();
    bool is_superseded(const ActiveJob& active) const;
    bool is_stale(std::uint32_t job_id) const;
    void judge(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen,
               Verdict& verdict);
    void judge_late(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen,
                    Verdict& verdict);
    void judge_on(const Tip& tip, ActiveJob& active, const Share& share, std::uint32_t ntime_max,
                  DuplicateSet& seen, Verdict& verdict) const;
    void prepare(ActiveJob& active) const;
    void hash(ActiveJob& active, const Share& share, const Tip& tip, Verdict& verdict) const;

    Terms terms_;
    TipPtr tip_;
    std::vector<ActiveJob> active_{};  ///< oldest first
    std::vector<FutureJob> future_{};
    std::vector<ActiveJob> late_{};  ///< see kLateJobsMax
    TipPtr late_tip_{};
    SteadyMs tip_since_ms_{0};
    TokenBucket superseded_{kSupersededSharesMax, kSupersededSharesPerSecond, 0};
    std::vector<std::uint32_t> stale_ids_{};  ///< a ring
    std::size_t stale_next_{0};
    std::uint64_t accepted_count_{0};
    std::uint64_t rejected_count_{0};
    sv2::mining::SubmitSharesSuccess unacknowledged_{};
};

}  // namespace hp::mining
