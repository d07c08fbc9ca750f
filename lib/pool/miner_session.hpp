// One SV2 mining connection: setup, extensions, channels, shares. Its channels live and die with it; their
// quotes are in the outbox, and do not. The rest of the class: miner_opening.cpp, miner_work.cpp,
// miner_shares.cpp and miner_budget.cpp.
#pragma once
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

#include "ehash/owner.hpp"
#include "log/log.hpp"
#include "mining/allowance.hpp"
#include "mining/channel.hpp"
#include "mining/refused_share.hpp"
#include "mining/share_budget.hpp"
#include "mining/share_tally.hpp"
#include "mining/strays.hpp"
#include "mining/vardiff.hpp"
#include "mining/worker_tallies.hpp"
#include "net/frames.hpp"
#include "pool/hub.hpp"
#include "pool/pool_services.hpp"
#include "sv2/common.hpp"
#include "sv2/extensions.hpp"
#include "sv2/frame.hpp"
#include "sv2/mining.hpp"

namespace hp::pool {

class MinerSession : public net::FrameHandler,
                     public QuoteOwner,
                     public std::enable_shared_from_this<MinerSession> {
  public:
    MinerSession(const PoolServices& pool, std::shared_ptr<net::FrameConnection> connection,
                 std::uint64_t connection_id);

    void on_frame(ByteView bytes) override;
    void on_close(const Error& reason) override;

    void quote_created(std::uint32_t channel_id, std::uint32_t sequence_number, const std::string& quote_id,
                       std::uint64_t amount) override;
    void quote_failed(std::uint32_t channel_id, std::uint32_t sequence_number, std::uint16_t code,
                      const std::string& text) override;

    /// To all channels: a future job, a job on the current tip, or a tip with its job.
    void send_future_job(const JobSet& jobs);
    void send_job(const JobSet& jobs);
    void send_tip(const mining::TipPtr& tip, const JobSet& jobs);
    /// Vardiff, about once a second; and each channel's status, once per period.
    void tick(SteadyMs now, SteadyMs status_period_ms);

    /// The intent is durable: the share may be acknowledged.
    void on_share_durable(std::uint32_t channel_id, std::uint32_t sequence_number, std::string_view worker,
                          std::uint64_t difficulty, double work_hashes);
    void on_share_refused(std::uint32_t channel_id, std::uint32_t sequence_number, const NewIntent& intent,
                          wire::ShareRefusal reason);
    /// Sends the acknowledgements that on_share_durable collected; an incomplete batch waits (ack_batch).
    void acknowledge();

    void close(const std::string& why, log::Level level = log::Level::warn);
    std::uint64_t connection_id() const { return connection_id_; }
    std::size_t channel_count() const { return channels_.size(); }

  private:
    static constexpr double kKeptAtOnce = 60;
    static constexpr double kKeptPerSecond = 1;
    struct ChannelState {
        mining::Channel channel;
        mining::Vardiff vardiff;
        mining::ShareBudget budget;
        crypto::PublicKey33 locking_key;
        MintId mint;
        std::string worker;
        double nominal_hash_rate_hps{};
        mining::ShareTally tally;
        UnixMs opened_ms{};
        /// Limits how many of its refused shares are recorded: a burst, then a rate.
        TokenBucket kept;
        SteadyMs last_status_ms{};
        bool has_unacknowledged{false};
        SteadyMs unacknowledged_since_ms{0};
        bool has_earned{false};
        // What the peer was sent, and whether more waits until it reads (miner_work.cpp).
        mining::TipPtr told_tip{};
        std::uint32_t told_job_id{0};
        std::uint32_t told_future_id{0};
        bool is_behind{false};
        // The last credited target and what it is worth: the wide division costs as much as hashing a header.
        bitcoin::Target valued_target{};
        std::uint64_t valued_amount{0};
        std::unique_ptr<mining::WorkerTallies>
            workers{};  ///< once a share named another one than the channel's
    };
    Result<> handle(const sv2::FrameView& frame);
    Result<> on_setup(const sv2::FrameView& first);
    // The messages that a miner may send (sv2/dispatch.hpp).
    Result<> on(const sv2::Decoded<sv2::common::SetupConnection>& again);
    Result<> on(const sv2::Decoded<sv2::extensions::RequestExtensions>& request);
    Result<> on(const sv2::Decoded<sv2::mining::OpenStandardMiningChannel>& open);
    Result<> on(const sv2::Decoded<sv2::mining::OpenExtendedMiningChannel>& open);
    Result<> on(const sv2::Decoded<sv2::mining::UpdateChannel>& update);
    Result<> on(const sv2::Decoded<sv2::mining::CloseChannel>& close);
    Result<> on(const sv2::Decoded<sv2::mining::SubmitSharesStandard>& submit);
    Result<> on(const sv2::Decoded<sv2::mining::SubmitSharesExtended>& submit);
    Result<> on(const sv2::Decoded<sv2::mining::SetCustomMiningJob>& job);
    /// A request to open a channel of either kind.
    struct Opening {
        mining::ChannelKind kind{};
        std::uint32_t request_id{};
        std::string user_identity{};
        float nominal_hash_rate{};
        bitcoin::Target max_target{};
        std::uint16_t min_extranonce_size{};
        crypto::PublicKey33 owner{};
    };
    struct OpeningRefusal {
        const char* code;
        std::string detail;  ///< only for the log
    };
    static bool is_usable_hash_rate(float hash_rate);
    Result<> open_channel(Opening open, ByteView tlv_bytes);
    Result<std::optional<OpeningRefusal>> check_opening(Opening& open, ByteView tlv_bytes);
    void hold(Opening open);
    void serve_held();
    void serve(const Opening& open);
    ChannelState& add_channel(const Opening& open, const mining::ExtranonceGrant& grant);
    Result<> refuse_open(const Opening& open, const std::string& code, const std::string& detail = {});
    Result<> refuse_or_end(const Opening& open);
    /// A standard channel's share has an empty extranonce.
    Result<> judge(const sv2::mining::SubmitSharesExtended& submit, ByteView tlv_bytes);
    std::uint64_t amount_of(ChannelState& state, const mining::Verdict& verdict) const;
    Result<> on_strange(const sv2::FrameView& frame);
    /// Who owns a share: by its own TLVs, else the channel's. Views, valid until the next share.
    struct ShareOwner {
        std::string_view worker;
        crypto::PublicKey33 locking_key{};
        MintId mint{};
        std::optional<wire::ShareRefusal> fault{};  ///< then nobody owns it
    };
    /// `tracked_name`: of extension 0x0002.
    ShareOwner owner_of(const ChannelState& state, const ehash::OwnerTlvs& tlvs,
                        const std::optional<ByteView>& tracked_name);
    std::string_view clean(std::string_view name);
    /// Null: it has no such channel.
    ChannelState* channel_of(std::uint32_t channel_id);
    void erase_channel(std::uint32_t channel_id);
    void count_worker(ChannelState& state, std::string_view worker, std::optional<double> accepted_work);
    /// What is known about a share before it is checked.
    mining::RefusedShare described(const sv2::mining::SubmitSharesExtended& submit) const;
    /// Answers the miner and records the refusal, with the time and the connection filled in.
    void refuse_share(mining::RefusedShare share, wire::ShareRefusal reason);
    void send_status(ChannelState& state, SteadyMs now);
    /// Channels with the same full extranonce size get jobs and tips together, by one message to the group's
    /// id; ids of groups and channels come from one counter. Spec 5.2.3.
    struct Group {
        std::size_t full_extranonce_size{};
        std::uint32_t id{};
    };
    std::uint32_t group_of(const mining::Channel& channel);
    /// The part of a channel's work that the peer does not have yet.
    struct Untold {
        mining::JobPtr job{};       ///< active, or to be activated by `tip`
        bool job_is_told{false};    ///< already sent as a future job
        mining::TipPtr tip{};       ///< activates the job; null: the peer has the tip
        std::uint32_t min_ntime{};  ///< for a job on a tip that the peer has
        mining::JobPtr future{};
        bool is_empty() const { return !job && !future; }
        friend bool operator==(const Untold&, const Untold&) = default;
    };
    Untold untold(const ChannelState& state) const;
    void tell_all();
    void tell_group(const Group& group);
    void tell_work(ChannelState& state);
    void send_work(ChannelState& state);
    void mark_told(ChannelState& state, const Untold& work) const;
    template <class SendJob>
    void send_untold(const Untold& work, std::uint32_t id, const SendJob& send_job);
    bool is_choked();
    void catch_up();
    bool within_budget(ChannelState& state, const sv2::mining::SubmitSharesExtended& submit);
    bool keeps_record_of(const mining::RefusedShare& share);
    Result<> on_stray(const sv2::mining::SubmitSharesExtended& submit);
    void follow_network_target(ChannelState& state, const mining::Tip& tip);
    void close_channel(std::uint32_t channel_id, const char* code);
    void acknowledge_all();
    void send_acknowledgement(ChannelState& state);
    void apply_target(ChannelState& state, const bitcoin::Target& target);
    template <sv2::Message M>
    void send(const M& message) {
        pool_->scratch.clear();
        sv2::append_frame(pool_->scratch, message);
        connection_->send(pool_->scratch);
    }

    const PoolServices* pool_;  // null: the connection is gone
    std::shared_ptr<net::FrameConnection> connection_;
    std::uint64_t connection_id_;
    net::Timer limit_;
    std::string program_;  // vendor and firmware, as reported by the client
    bool is_set_up_{false};
    bool is_earning_{false};  // it has a share on disk
    bool ehash_negotiated_{false};
    bool names_workers_{false};  ///< extension 0x0002
    bool takes_group_jobs_{true};
    unsigned extension_requests_{0};
    std::uint32_t next_channel_id_{1};
    mining::Strays strays_;
    /// Records of these, of shares refused unchecked and of refused updates: there may be a million a second.
    TokenBucket told_strays_;
    mining::Source source_;
    mining::Allowance allowance_;
    std::unordered_map<std::uint32_t, ChannelState> channels_;
    std::pair<const std::uint32_t, ChannelState>* recent_{nullptr};  // most connections have one channel
    std::vector<Opening> held_;                                      ///< wait for the first template
    std::vector<Group> groups_;
    std::vector<std::uint32_t> unacknowledged_;
    net::Timer ack_due_;
    std::list<std::uint32_t> behind_;  // channels whose newest work waits for room in the queue
    net::Timer catch_up_;
    SteadyMs choked_since_ms_{0};
    std::size_t choked_bytes_{0};
    std::string clean_name_;  // of the current share, if it gave something that is not a name
};

}  // namespace hp::pool
