// A mining channel as its server sees it: jobs, targets, shares, acknowledgements. Not thread-safe: a channel
// lives on its connection's thread. Shared jobs are immutable.
#pragma once
#include <memory>
#include <optional>

#include "base/clock.hpp"
#include "mining/duplicates.hpp"
#include "mining/job.hpp"
#include "mining/share.hpp"
#include "mining/vardiff.hpp"

namespace hp::mining {

using JobPtr = std::shared_ptr<const ExtendedJob>;
using TipPtr = std::shared_ptr<const Tip>;

/// Jobs of the current tip that a channel remembers; the oldest goes first.
inline constexpr std::size_t kActiveJobsMax = 8;
/// Future jobs that wait for their tip.
inline constexpr std::size_t kFutureJobsMax = 4;
/// Ids of jobs that a new tip made stale, so that their late shares are called stale and not unknown.
inline constexpr std::size_t kStaleJobIdsMax = 32;
/// Jobs of the tip before that are kept as a whole, the newest, so that their late shares have a hash.
inline constexpr std::size_t kLateJobsMax = 2;
/// How long a job of an easier target stays good once a job of a harder one is out. Without it a miner could
/// flood on at the easy target until the next tip.
inline constexpr SteadyMs kSupersededJobGraceMs = 10'000;

/// The answer to one share.
struct Verdict {
    Outcome outcome{Outcome::invalid_job_id};
    /// The hash meets the job's target, so the share is paid for. A block may be found without it, where the
    /// channel's target is harder than the network's: submit it, answer "difficulty-too-low", pay nothing.
    bool credited{false};
    bitcoin::Target credited_target{};  ///< the job's target: what the share is worth
    std::uint64_t difficulty{};         ///< of that target, at least 1: for on_durable
    Bytes32 hash{};                     ///< header byte order; zero where nothing was hashed
    bitcoin::HeaderBytes header{};
    JobPtr job{};                     ///< the share's job where it is known, for SubmitSolution and events
    wire::B0_32 extranonce_prefix{};  ///< the prefix that this job was sent with
    TipPtr tip{};                     ///< of the job; set where the share is refused and its job known

    bool accepted() const { return credited; }
    bool is_block() const { return outcome == Outcome::block; }
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
    /// The job last put into force; null until there is one.
    JobPtr current_job() const;

    /// SetTarget was sent: holds for jobs that come into force from now on. Jobs in force keep theirs, so
    /// send a job right after it (SV2 5.3.21, AC-066).
    void set_target(const bitcoin::Target& target) { terms_.target = target; }
    /// SetExtranoncePrefix was sent: jobs sent before keep the old prefix (AC-067). REQUIRES: the same size
    void set_extranonce_prefix(ByteView prefix);

    /// A job on the current tip was sent and is in force at once. REQUIRES: tip(), or `tip` given; job ids of
    /// a channel are not reused; job->full_extranonce_size == full_extranonce_size()
    void add_job(JobPtr job, SteadyMs now_ms);
    /// A future job was sent. Beyond kFutureJobsMax the oldest is forgotten.
    void add_future_job(JobPtr job);
    /// A new tip was sent with the future job that goes with it: every other job is stale from now on. False,
    /// and all jobs stale, when that job is not known here.
    bool activate(std::uint32_t job_id, TipPtr tip, SteadyMs now_ms);
    /// A new tip without a future job: add_job follows.
    void set_tip(TipPtr tip);

    /// Judges one share, in SRI's order: stale job, unknown job, extranonce size, ntime, version bits, hash,
    /// duplicate. One that is refused is hashed too, for who asks after it, where its job is known: of the
    /// tip or the one before it. Allocates nothing except in `seen`. `ntime_max`: now + kNtimeAheadMax,
    /// seconds since 1970.
    Verdict check(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen);

    /// An accepted share is durable: it may be acknowledged. `difficulty` is its verdict's.
    void on_durable(std::uint32_t sequence_number, std::uint64_t difficulty);
    /// The acknowledgement of all shares made durable since the last call, if any.
    std::optional<sv2::mining::SubmitSharesSuccess> take_acknowledgement();

    std::uint64_t accepted_count() const { return accepted_count_; }
    std::uint64_t rejected_count() const { return rejected_count_; }

  private:
    struct ActiveJob {
        JobPtr job;
        bitcoin::Target target;
        wire::B0_32 extranonce_prefix;
        std::optional<SteadyMs> retire_at_ms{};
        // Made for the first share: most jobs of most channels never see one.
        std::uint64_t difficulty{0};
        std::optional<CoinbaseMidstate> midstate{};  ///< on an extended channel
        Bytes32 standard_root{};                     ///< on a standard channel
    };
    struct FutureJob {
        JobPtr job;
        wire::B0_32 extranonce_prefix;
    };
    void put_in_force(JobPtr job, const wire::B0_32& prefix, SteadyMs now_ms);
    void make_all_stale();
    ActiveJob* find(std::uint32_t job_id, SteadyMs now_ms);
    bool is_stale(std::uint32_t job_id) const;
    void judge(const Share& share, std::uint32_t ntime_max, SteadyMs now_ms, DuplicateSet& seen,
               Verdict& verdict);
    void prepare(ActiveJob& active) const;
    void hash(ActiveJob& active, const Share& share, const Tip& tip, Verdict& verdict) const;

    Terms terms_;
    TipPtr tip_;
    std::vector<ActiveJob> active_{};  ///< oldest first
    std::vector<FutureJob> future_{};
    std::vector<ActiveJob> late_{};  ///< see kLateJobsMax
    TipPtr late_tip_{};
    std::vector<std::uint32_t> stale_ids_{};  ///< a ring
    std::size_t stale_next_{0};
    std::uint64_t accepted_count_{0};
    std::uint64_t rejected_count_{0};
    sv2::mining::SubmitSharesSuccess unacknowledged_{};
};

}  // namespace hp::mining
