// The pool's core: templates in, jobs out, shares in; every valid share becomes an intent in the outbox, then
// is acknowledged, then gets its quote. It has no sockets, disk or clock; pool_service.hpp provides all
// three.
#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "pool/hub.hpp"
#include "pool/miner_session.hpp"
#include "pool/pool_services.hpp"
#include "pool/solution_quota.hpp"
#include "pool/template_client.hpp"

namespace hp::pool {

class Pool final : public TemplateListener, public ShareTaker {
  public:
    struct Ways {
        decltype(ShareQueue::Ways::post) post;
        decltype(ShareQueue::Ways::store) store;
        /// Hub::committed: the intent is on disk.
        std::function<void(std::uint64_t seq, const ehash::Intent& intent, Hub::Owner owner)> quote;
        /// TemplateClient::submit: sends it at once, and tells later what is on disk of it.
        std::function<void(FoundBlock, std::function<void(const FoundBlocks::Kept&)>)> submit_block;
        std::function<void(mining::RefusedShare)> keep_refused;
    };
    struct Route {
        std::string name;  ///< of a mint that new intents may go to
        MintId mint{};
    };
    struct Options {
        PoolTerms terms;
        Work::Options work;
        std::uint16_t server_id{};
        std::uint16_t extranonce_epoch{};  ///< distinguishes this run's prefixes from those of earlier runs
        std::vector<Route> routes;         ///< at least one
        std::vector<IpNet> sources_exempt{};
        mining::ChannelLimits channels_of_all{};
    };
    Pool(net::Clock& clock, Ways ways, Events& events, Options options);
    ~Pool() override;

    /// Called once, when there is a first job.
    std::function<void()> on_ready;
    /// An accepted share of an earlier run: no share is checked before the duplicate check knows them.
    void remember(const Bytes32& prev_hash, const Bytes32& share_hash) {
        seen_.insert(prev_hash, share_hash);
    }
    void add_connection(std::shared_ptr<net::FrameConnection> connection);

    void on_new_template(const sv2::templates::NewTemplate& message) override;
    void on_new_prev_hash(const sv2::templates::SetNewPrevHash& message) override;
    void on_template_alarm(const std::string& what) override;
    void on_block_verdict(const Bytes32& hash, const std::string& fate, const std::string& reason) override;
    /// Logged and recorded, rate-limited because strangers can cause these.
    void alarm(const std::string& what);

    /// To be called once a second.
    void each_second();
    struct Counts {
        std::size_t connections{}, channels{};
        std::size_t channels_busiest{};  ///< of the connection that has the most
        std::size_t channels_unproven{};
        Refusals refusals{};
        bool has_work{};
        SteadyMs work_age_ms{};  ///< since the newest template or tip; 0: none
        std::int64_t clock_behind_tip_s{};
        bool refuses_every_time{};  ///< the clock is hopelessly behind the chain
    };
    Counts counts() const;

    /// No new shares from now on.
    void stop() { is_stopping_ = true; }
    /// Whether everything accepted is on disk.
    bool is_idle() const { return queue_.is_idle(); }
    void close_all();

  private:
    bool enqueue(PendingShare share, NewIntent intent) override;
    void forget(const ehash::Intent& intent) override;
    void submit_block(const mining::Verdict& verdict, const sv2::mining::SubmitSharesExtended& share,
                      std::string_view worker) override;
    MintId route(const crypto::PublicKey33& locking_key) const override;
    JobSetPtr renewed_this_tick(std::uint32_t id_in_use);
    void on_committed(const ShareQueue::Batch& batch, ShareQueue::Seqs seqs);
    bool make_room(std::uint64_t connection_id, const mining::Source& source);
    void compare_clocks();

    net::Clock& clock_;
    Ways ways_;
    Events& events_;
    Options options_;
    std::vector<std::string> route_names_;
    Work work_;
    mining::ExtranonceAllocator extranonces_;
    mining::DuplicateSet seen_;
    ehash::KnownKeys known_keys_;
    SolutionQuota solution_quota_;
    Refusals refusals_;
    Bytes scratch_;
    mining::Sources sources_;
    mining::Gifts gifts_;
    mining::ChannelPlaces places_;
    ShareQueue queue_;
    PoolServices services_;
    std::unordered_map<std::uint64_t, std::shared_ptr<MinerSession>> sessions_;
    std::uint64_t next_connection_id_{1};
    JobSetPtr tick_jobs_;
    SteadyMs work_came_ms_{0};
    std::int64_t behind_tip_s_{0};
    bool refuses_every_time_{false};
    bool commit_failing_{false};
    bool is_ready_{false};
    bool is_stopping_{false};
};

}  // namespace hp::pool
