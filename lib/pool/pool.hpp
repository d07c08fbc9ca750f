// The pool: templates in, jobs out, shares in; every right share an intent in the outbox, then its
// acknowledgement, then its quote. One thread runs all of this; the outbox's writer is the only other.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "ehash/owner.hpp"
#include "ehash/valuation.hpp"
#include "mining/allowance.hpp"
#include "mining/channel_places.hpp"
#include "mining/duplicates.hpp"
#include "mining/extranonce.hpp"
#include "net/clock_guard.hpp"
#include "net/event_sink.hpp"
#include "net/frames.hpp"
#include "net/sd_notify.hpp"
#include "pool/events.hpp"
#include "pool/hub.hpp"
#include "pool/link_server.hpp"
#include "pool/miner_session.hpp"
#include "pool/refused_file.hpp"
#include "pool/solution_quota.hpp"
#include "pool/template_client.hpp"
#include "pool/work.hpp"
#include "store/log_watch.hpp"

namespace hp::pool {

struct PoolOptions {
    net::Endpoint mining_listen;
    net::FrameListener::IdentityNow mining_identity;
    TemplateClient::Options templates;
    LinkServer::Options link;
    Work::Options work;
    std::uint16_t server_id{};
    ehash::Valuation valuation;
    std::string route_to;  ///< the mint of all new intents; empty: by the owner's key
    double shares_per_minute{20};
    unsigned easiest_target_bits{32};
    SteadyMs retarget_ms{60'000};
    std::size_t channels_max{4096};  ///< of one connection
    SteadyMs idle_channel_ms{0};     ///< a connection without a channel may stay so long; 0: for ever
    mining::ChannelLimits channels_of_all{};
    /// Invalid shares of one channel before it is closed; see mining/share_budget.hpp.
    std::uint32_t invalid_shares_max{1000};
    std::optional<crypto::PublicKey33> default_locking_key;
    std::string outbox_path;
    std::string keep_refused;          ///< file of the shares refused of late (refused_file.hpp); empty: none
    std::uint64_t wal_alarm_bytes{0};  ///< of the outbox's log; 0: no alarm
    net::EventOptions events;
};

class Pool : public TemplateListener, public HubObserver {
  public:
    /// Opens the outbox, listens on both ports, dials the Template Provider.
    static Result<std::unique_ptr<Pool>> start(net::Loop& loop, PoolOptions options);
    ~Pool() override;
    /// No new connections or shares; what is accepted gets committed; then `stopped` is called.
    void stop(std::function<void()> stopped);

    net::Endpoint mining_bound() const { return mining_listener_->bound(); }
    net::Endpoint link_bound() const { return link_->bound(); }
    /// Called once, when the first template has become a job.
    std::function<void()> on_ready;
    /// Called once, when the process must end: its disk does not keep what it is told.
    std::function<void(const Error&)> on_fatal;

    void on_new_template(const sv2::templates::NewTemplate& message) override;
    void on_new_prev_hash(const sv2::templates::SetNewPrevHash& message) override;
    void on_template_alarm(const std::string& what) override;
    void on_quote_created(const StoredIntent& row, const std::string& quote_id, bool replay,
                          std::optional<SteadyMs> received_ms) override;
    void on_quote_dead(const StoredIntent& row, std::uint16_t code, const std::string& reason) override;
    void on_alarm(const std::string& what) override;

  private:
    friend class MinerSession;
    Pool(net::Loop& loop, PoolOptions options);
    void gone(MinerSession& session);
    /// Room for one more channel of this session, if need be by closing another one.
    bool make_room(const MinerSession& session);
    /// Queues a share for the next group commit. False: too many wait already (the disk is not keeping up),
    /// and the share may come again.
    bool enqueue(PendingShare share, NewIntent intent);
    /// Commits once the loop has nothing new at hand, or a full group waits, or it waited long enough.
    void commit_soon();
    void wait_for_group(std::size_t size_before, int quiet_turns_left);
    void commit();
    /// Shares with their intents, at the same index.
    struct Batch {
        std::vector<PendingShare> shares;
        std::vector<NewIntent> intents;
    };
    void on_committed(const Batch& batch, Result<std::vector<std::uint64_t>> seqs);
    void submit_block(const mining::Verdict& verdict, const sv2::mining::SubmitSharesExtended& share,
                      std::string_view worker);
    void forget(const ehash::Intent& intent);
    /// The mint that makes the quotes of this owner.
    MintId route(const crypto::PublicKey33& locking_key) const;
    void compare_clocks();
    void tell_status();
    /// Does what a FILE.requeue beside the outbox asks for.
    void look_for_request();
    /// The current jobs under a new id, one for all channels of a tick, save for a channel that has that id
    /// already.
    JobSetPtr renewed_this_tick(std::uint32_t id_in_use);

    net::Loop& loop_;
    PoolOptions options_;
    std::unique_ptr<net::EventSink> sink_;
    Events events_;
    store::LogWatch log_watch_;
    net::ClockGuard clock_;
    std::int64_t behind_tip_s_{0};
    bool refuses_every_time_{false};
    std::unique_ptr<Outbox> outbox_;
    std::unique_ptr<RefusedFile> refused_file_;
    std::unique_ptr<Hub> hub_;
    std::unique_ptr<LinkServer> link_;
    std::unique_ptr<TemplateClient> templates_;
    std::unique_ptr<net::FrameListener> mining_listener_;
    Work work_;
    SteadyMs work_came_ms_{0};  ///< the newest template or tip
    mining::ExtranonceAllocator extranonces_;
    mining::DuplicateSet seen_;
    ehash::KnownKeys known_keys_;
    std::vector<std::string> routes_;  // names of the mints that new intents may go to
    mining::VardiffRules vardiff_rules_;
    SolutionQuota solution_quota_;
    Refusals refusals_;
    mining::Sources sources_;
    mining::Gifts gifts_;
    mining::ChannelPlaces places_;
    std::unordered_map<std::uint64_t, std::shared_ptr<MinerSession>> sessions_;
    std::uint64_t next_connection_id_{1};
    std::uint64_t messages_ignored_{0};
    Batch waiting_;
    SteadyMs waiting_since_ms_{0};
    bool committing_{false};
    bool commit_posted_{false};
    bool commit_failing_{false};
    bool is_requeueing_{false};
    JobSetPtr tick_jobs_;
    net::Timer tick_;
    net::StatusLine status_line_;
    bool is_ready_{false};
    std::function<void()> stopped_;
    net::Timer stop_poll_;
};

}  // namespace hp::pool
