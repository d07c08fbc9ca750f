// The pool's event records (man 5 hp-records): one line each, to whoever listens.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "mining/channel_places.hpp"
#include "pool/hub.hpp"

namespace hp::net {
class EventSink;
struct FrameCounters;
}  // namespace hp::net
namespace hp::wire {
class Record;
}
namespace hp::mining {
class Channel;
class ShareTally;
struct RefusedShare;
}  // namespace hp::mining

namespace hp::pool {

/// What the pool refused to spend time on, since the start.
struct Refusals {
    std::uint64_t channels_closed{};  ///< for invalid shares
    std::uint64_t shares_unjudged{};
    std::uint64_t connections_closed{};           ///< for nothing but such shares and channels
    std::uint64_t connections_closed_for_room{};  ///< mining/channel_places.hpp
    std::uint64_t messages_ignored{};
};

class Events {
  public:
    explicit Events(std::string source) : source_{std::move(source)} {}
    void to(net::EventSink* sink) { sink_ = sink; }

    void connection_opened(std::uint64_t connection_id, const std::string& peer);
    void connection_closed(std::uint64_t connection_id, const std::string& reason);
    void setup_refused(std::uint64_t connection_id, const std::string& peer, std::string_view reason);
    void channel_refused(std::uint64_t connection_id, const std::string& peer, std::string_view worker,
                         std::string_view reason);
    void update_refused(std::uint64_t connection_id, std::uint32_t channel_id, std::string_view reason);
    void channel_opened(std::uint64_t connection_id, std::uint32_t channel_id, const std::string& worker,
                        double difficulty);
    void channel_named(std::uint64_t connection_id, std::uint32_t channel_id, const std::string& worker);
    /// `reason`: of the pool, where it was the one that closed it.
    void channel_closed(std::uint64_t connection_id, std::uint32_t channel_id, std::string_view reason = {});
    void target_set(std::uint64_t connection_id, std::uint32_t channel_id, double difficulty);
    struct ChannelStatus {
        std::uint64_t connection_id{};
        const std::string& peer;
        const std::string& program;  ///< vendor and firmware, as the client says
        const mining::Channel& channel;
        const std::string& worker;
        double nominal_hash_rate_hps{};
        UnixMs opened_ms{};
        const mining::ShareTally& tally;
    };
    void channel_status(const ChannelStatus& status);
    struct Share {
        std::uint64_t connection_id{};
        std::uint32_t channel_id{};
        std::uint32_t sequence_number{};
        std::string_view worker;
    };
    void share_accepted(const Share& share, std::uint64_t seq, const Bytes32& share_hash,
                        std::uint64_t amount, double work_hashes);
    void share_rejected(const mining::RefusedShare& share);
    void block_found(const Bytes32& hash, std::uint64_t template_id, std::string_view worker);
    void tip_changed(const Bytes32& prev_hash, std::uint32_t nbits);
    void quote_created(std::uint64_t seq, const std::string& quote_id, std::uint64_t amount,
                       const Bytes32& share_hash, bool replay, std::int64_t latency_ms);
    void quote_dead(std::uint64_t seq, std::uint16_t code, const std::string& reason);
    void quote_requeued(std::uint64_t seq);
    void mint_status(const MintStatus& mint);
    void alarm(const std::string& what);
    struct Status {
        std::uint64_t connections{};
        std::uint64_t channels{};
        std::uint64_t channels_busiest{};  ///< those of the connection that has most
        std::uint64_t channels_max{};      ///< of one connection
        std::uint64_t channels_unproven{};
        mining::ChannelLimits channel_limits{};  ///< of all connections
        std::uint64_t outbox_pending{};
        std::uint64_t outbox_dead{};
        bool mint_connected{};
        store::LogState outbox_log;
        std::uint64_t messages_ignored{};
        const net::FrameCounters& mining_port;
        Refusals refusals{};
        std::int64_t clock_off_ms{};        ///< see base/clock_watch.hpp
        std::int64_t clock_behind_tip_s{};  ///< the tip's time is ahead of our clock by so much
        std::uint64_t cut_for_memory{};
        std::uint64_t refused_not_kept{};  ///< shares that are not in the file of the refused ones
        bool has_template_provider{};
        UnixMs template_provider_since_ms{};  ///< of being connected, or of being away
        bool has_template{};                  ///< miners have work
        std::int64_t template_age_ms{};       ///< since the newest template or tip; 0: there is none
    };
    void status(const Status& status);

  private:
    bool off() const;
    wire::Record make(std::string_view type) const;
    void write(const wire::Record& record);
    std::string source_;
    UnixMs started_ms_{unix_ms_now()};
    net::EventSink* sink_{nullptr};
};

}  // namespace hp::pool
