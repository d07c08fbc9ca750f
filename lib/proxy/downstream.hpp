// One SV1 miner: the mining.* dialogue on one side, an SV2 extended channel on the other.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "mining/share_budget.hpp"
#include "mining/share_tally.hpp"
#include "net/backoff.hpp"
#include "net/lines.hpp"
#include "proxy/channel_updates.hpp"
#include "proxy/proxy_services.hpp"
#include "proxy/workers.hpp"
#include "sv1/build.hpp"
#include "sv1/parse.hpp"
#include "wire/share_refusal.hpp"

namespace hp::proxy {

class Downstream : public net::LineHandler,
                   public ChannelOwner,
                   public std::enable_shared_from_this<Downstream> {
  public:
    Downstream(const ProxyServices& proxy, std::shared_ptr<net::LineConnection> connection,
               std::uint64_t miner_id);

    void on_line(std::string_view line) override;
    void on_read_done() override;
    void on_other_protocol(std::string_view what) override;
    void on_close(const Error& reason) override;

    void on_opened(const sv2::mining::OpenExtendedMiningChannelSuccess& success) override;
    void on_refused(const std::string& code) override;
    void on_job(const sv2::mining::NewExtendedMiningJob& job) override;
    void on_prev_hash(const sv2::mining::SetNewPrevHash& tip) override;
    void on_target(const Bytes32& target) override;
    void on_extranonce_prefix(ByteView prefix) override;
    void on_accepted(std::uint32_t last_sequence_number) override;
    void on_rejected(std::uint32_t sequence_number, const std::string& code) override;
    void on_quote(std::uint32_t sequence_number, const std::string& quote_id, std::uint64_t amount) override;
    void on_quote_failed(std::uint32_t sequence_number, const std::string& text) override;
    void on_channel_lost(const std::string& code) override;

    /// The pool is up (again): a waiting miner gets its channel.
    void pool_is_ready();
    /// The pool has been down for longer than miners should wait: closes a waiting miner and tells it why.
    void fail_over(const std::string& why);
    /// Once: tells a miner that waits for its first answer why.
    void tell_why_it_waits(SteadyMs now, const std::string& why);
    void close(const std::string& why);
    std::uint64_t miner_id() const { return miner_id_; }
    /// Its status as a record, once per period.
    void send_status(SteadyMs now, SteadyMs period_ms);

  private:
    /// Lines other than shares: a burst, enough for a proxy with hundreds of workers at its start, then a
    /// rate per second.
    static constexpr int kRequestsAtOnce = 600;
    static constexpr int kRequestsPerSecond = 10;
    struct Job {
        std::uint32_t job_id{};
        std::uint32_t version{};
        bool version_rolling_allowed{};
        Bytes coinbase_tx_prefix, coinbase_tx_suffix;
        std::vector<Bytes32> merkle_path;
        std::uint32_t min_ntime{};
        bool is_active{false};
        bool was_sent{false};
        Bytes32 prev_hash{};  // with nbits: of the tip on which it became active
        std::uint32_t nbits{};
    };
    struct Tip {
        Bytes32 prev_hash{};
        std::uint32_t nbits{};
        std::uint32_t min_ntime{};
        SteadyMs came_ms{};
    };
    /// The part of a share that determines its hash.
    struct Submitted {
        std::uint32_t job_id{}, nonce{}, ntime{}, version{};
        wire::B0_32 extranonce2{};
    };
    /// A share in flight: its owner, who gets the answer, and since when.
    struct Outstanding {
        std::uint32_t sequence_number{};
        Worker* worker{nullptr};
        std::string sv1_id;
        SteadyMs received_ms{};
        double work_hashes{};
        Submitted what{};
        bool is_answered{false};
    };

    void handle(std::string_view id, const sv1::Configure& message);
    void handle(std::string_view id, const sv1::Subscribe& message);
    void handle(std::string_view id, const sv1::Authorize& message);
    void handle(std::string_view id, const sv1::Submit& message);
    void handle(std::string_view id, const sv1::SuggestDifficulty& message);
    void handle(std::string_view id, const sv1::SuggestTarget& message);
    void handle(std::string_view id, const sv1::ExtranonceSubscribe& message);
    void handle(std::string_view id, const sv1::MultiVersion& message);
    void handle(std::string_view, const sv1::Pong&) {}
    void handle(std::string_view id, const sv1::UnknownMethod& message);
    void handle(std::string_view, const sv1::ClientAnswer&) {}

    void open_channel();
    void open_channel_later();
    void wait_for_work(const char* otherwise);
    void suggest(const Bytes32& target);
    void answer_subscribe();
    void refuse_subscribe(const std::string& why);
    const crypto::PublicKey33& first_owner() const;
    std::optional<std::string> refusal_without_extension(const Worker& worker);
    void reopen_channel();
    void tell_name();
    void begin_work();
    double difficulty_to_tell() const;
    void send_difficulty();
    void send_job(Job& job, bool clean_jobs);
    void count_bad_line(const std::string& why);
    bool within_requests();
    bool within_budget(std::string_view id);
    void turn_away(const std::string& why, std::uint64_t& counter);
    /// A share that is not forwarded, or that the pool refused.
    struct Rejected {
        std::string_view reason;  ///< a code of wire/share_refusal.hpp, or the pool's own
        Worker* worker{nullptr};  ///< its would-be owner; null: nobody
        const Submitted* what{nullptr};
        std::string_view because{};  ///< replaces the reason's meaning
        bool was_sent{false};        ///< sent to the pool, which may know it by its hash
    };
    void reject(std::string_view id, const Rejected& rejected);
    void tell_rejected(const Rejected& rejected, const std::optional<Bytes32>& hash = {});
    std::optional<Bytes32> hash_of(const Submitted& share) const;
    Outstanding* find_outstanding(std::uint32_t sequence_number);
    void forget_answered();
    bool may_forget(const Outstanding& share) const;
    const Worker* only_worker() const;
    void flush();

    const ProxyServices* proxy_;  // null: the miner is gone
    std::shared_ptr<net::LineConnection> connection_;
    std::uint64_t miner_id_;
    net::Timer limit_;
    net::Timer reopen_;
    net::Backoff reopen_backoff_{500, 5'000};
    ChannelUpdates updates_;
    TokenBucket requests_;
    /// Records of shares refused unchecked: there may be a million a second.
    TokenBucket told_unjudged_;
    mining::ShareBudget budget_;
    mining::Allowance allowance_;
    sv1::Parser parser_;
    std::string out_;

    Workers workers_;
    // The owner that the pool confirmed when it opened the channel; shares of any other owner name that
    // owner.
    crypto::PublicKey33 channel_owner_{};
    std::string channel_name_;  // as last sent to the pool
    std::string user_agent_;
    std::vector<std::string> subscribe_ids_;  // of those not answered yet
    bool wants_channel_{false};
    SteadyMs wants_since_ms_{0};
    bool was_told_to_wait_{false};
    bool opens_after_read_{false};
    bool is_opening_{false};
    bool is_subscribed_{false};
    bool takes_set_extranonce_{false};
    std::uint32_t version_mask_{0};
    Bytes32 max_target_{};

    std::optional<std::uint32_t> channel_id_;
    std::string lost_because_{"the pool was away"};  // the channel before this one
    Bytes extranonce1_;
    std::size_t extranonce2_size_{0};
    Bytes32 target_{};
    double work_hashes_{0};  // of the target
    double told_difficulty_{0};
    mining::ShareTally tally_;
    UnixMs connected_ms_;
    SteadyMs last_status_ms_{0};
    std::optional<Tip> tip_;
    std::deque<Job> jobs_;  // oldest first
    std::uint32_t next_sequence_number_{0};
    std::deque<Outstanding> outstanding_;
};

}  // namespace hp::proxy
