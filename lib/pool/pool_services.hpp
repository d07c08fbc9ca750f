// What the session of a mining connection may ask of the pool. None of it is a socket, and time is the
// clock's.
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

struct PoolTerms {
    bool version_rolling_allowed{true};
    ehash::Valuation valuation{};
    mining::VardiffRules vardiff{};
    std::size_t channels_max{4096};  ///< of one connection
    SteadyMs idle_channel_ms{0};     ///< a connection without a channel may stay so long; 0: for ever
    /// Invalid shares of one channel before it is closed; see mining/share_budget.hpp.
    std::uint32_t invalid_shares_max{1000};
    std::optional<crypto::PublicKey33> default_locking_key{};
};

/// Where right shares go.
class ShareTaker {
  public:
    virtual ~ShareTaker() = default;
    /// Queues a share for the next group commit. False: too many wait already (the disk is not keeping up),
    /// and the share may come again.
    virtual bool enqueue(PendingShare share, NewIntent intent) = 0;
    /// A share that is not stored was not accepted: the miner's next try is no duplicate.
    virtual void forget(const ehash::Intent& intent) = 0;
    /// To the chain, before anything else happens.
    virtual void submit_block(const mining::Verdict& verdict, const sv2::mining::SubmitSharesExtended& share,
                              std::string_view worker) = 0;
    /// The mint that makes the quotes of this owner.
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
    /// Room for one more channel of this connection, if need be by closing another one.
    std::function<bool(std::uint64_t connection_id, const mining::Source& source)> make_room;
    /// The current jobs under a new id, one for all channels of a tick, save for a channel that has that id
    /// already; null where there is no work.
    std::function<JobSetPtr(std::uint32_t id_in_use)> renewed_jobs;
    /// A refused share, for the operator's file of them.
    std::function<void(mining::RefusedShare)> keep_refused;
    /// The session has ended; it may be destroyed when its caller returns.
    std::function<void(std::uint64_t connection_id)> gone;
};

}  // namespace hp::pool
