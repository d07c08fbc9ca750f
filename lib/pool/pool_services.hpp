// What a mining connection's session needs from the pool. Free of sockets; time comes from the clock.
#pragma once
#include <functional>
#include <optional>

#include "ehash/owner.hpp"
#include "ehash/valuation.hpp"
#include "mining/allowance.hpp"
#include "mining/channel_places.hpp"
#include "mining/duplicates.hpp"
#include "mining/extranonce.hpp"
#include "mining/refused_share.hpp"
#include "mining/vardiff.hpp"
#include "pool/events.hpp"
#include "pool/share_queue.hpp"
#include "pool/work.hpp"
#include "sv2/mining.hpp"

namespace hp::pool {

/// What the operator's keys mean to a session. A value that sessions use is declared and taken over here.
struct PoolTerms {
    bool version_rolling_allowed{true};
    ehash::Valuation valuation{};
    mining::VardiffRules vardiff{};
    std::size_t channels_max{4096};  ///< of one connection
    SteadyMs idle_channel_ms{0};     ///< how long a connection may stay without a channel; 0: for ever
    /// Invalid shares of one channel before it is closed; see mining/share_budget.hpp.
    std::uint32_t invalid_shares_max{1000};
    /// Accepted shares of a channel that wait for each other's acknowledgement, and for how long at most.
    std::uint32_t ack_batch{1};
    SteadyMs ack_batch_ms{1000};
    std::optional<crypto::PublicKey33> default_locking_key{};
    mining::LateRule late{};

    /// Keys: config::Pool, which rooms do not read.
    template <class Keys>
    Result<> take(const Keys& keys) {
        vardiff.shares_per_minute = keys.shares_per_minute;
        vardiff.period_ms = keys.vardiff_interval_s * 1000;
        channels_max = static_cast<std::size_t>(keys.channels_per_connection);
        idle_channel_ms = keys.idle_channel_s * 1000;
        invalid_shares_max = static_cast<std::uint32_t>(keys.invalid_shares_max);
        ack_batch = static_cast<std::uint32_t>(keys.ack_batch);
        ack_batch_ms = keys.ack_batch_ms;
        late = {keys.stale_grace_ms, keys.pay_stale_in_grace};
        if (!keys.default_locking_key.empty()) {
            HP_TRY(default_locking_key, array_from_hex<33>(keys.default_locking_key));
        }
        return {};
    }
};

/// Takes the valid shares.
class ShareTaker {
  public:
    virtual ~ShareTaker() = default;
    /// Queues a share for the next group commit. False: too many wait already (the disk is not keeping up),
    /// and the share may be sent again.
    virtual bool enqueue(PendingShare share, NewIntent intent) = 0;
    /// A share that was not stored was not accepted: sending it again is not a duplicate.
    virtual void forget(const ehash::Intent& intent) = 0;
    /// To the chain, before anything else happens.
    virtual void submit_block(const mining::Verdict& verdict, const sv2::mining::SubmitSharesExtended& share,
                              std::string_view worker) = 0;
    /// The mint for this owner's quotes.
    virtual MintId route(const crypto::PublicKey33& locking_key) const = 0;
};

/// Everything outlives the sessions.
struct PoolServices {
    net::Clock& clock;
    const PoolTerms& terms;
    const Work& work;
    Events& events;
    ShareTaker& shares;
    mining::ExtranonceAllocator& extranonces;
    mining::DuplicateSet& seen;
    ehash::KnownKeys& known_keys;
    const mining::Sources& sources;
    mining::Gifts& gifts;
    mining::ChannelPlaces& places;
    Refusals& refusals;
    Bytes& scratch;  ///< in which sessions build their frames, one at a time
    /// Makes room for one more channel of this connection, if need be by closing another one.
    std::function<bool(std::uint64_t connection_id, const mining::Source& source)> make_room;
    /// The current jobs under a new id, shared by all channels of a tick, except for a channel that already
    /// has that id; null if there is no work.
    std::function<JobSetPtr(std::uint32_t id_in_use)> renewed_jobs;
    /// A refused share, for the file keep_refused.
    std::function<void(mining::RefusedShare)> keep_refused;
    /// The session has ended; it may be destroyed once its caller returns.
    std::function<void(std::uint64_t connection_id)> gone;
};

}  // namespace hp::pool
