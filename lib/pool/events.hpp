// The pool's event records that need more than their caller has at hand (man 5 hp-records).
#pragma once
#include "base/clock.hpp"
#include "mining/channel_places.hpp"
#include "pool/hub.hpp"
#include "recordio/events.hpp"
#include "records/pool.hpp"

namespace hp::net {
struct FrameCounters;
}
namespace hp::mining {
class Channel;
class ShareTally;
class WorkerTallies;
struct RefusedShare;
}  // namespace hp::mining

namespace hp::pool {

/// What the pool rejected without spending time on it, since the start.
struct Refusals {
    std::uint64_t channels_closed{};  ///< for invalid shares
    std::uint64_t shares_unjudged{};
    std::uint64_t connections_closed{};           ///< that sent only refused shares and channels
    std::uint64_t connections_closed_for_room{};  ///< mining/channel_places.hpp
    std::uint64_t messages_ignored{};
};

class Events : public recordio::Events {
  public:
    struct ChannelStatus {
        std::uint64_t connection_id{};
        const std::string& peer;
        const std::string& program;  ///< vendor and firmware, as reported by the client
        const mining::Channel& channel;
        const std::string& worker;
        double nominal_hash_rate_hps{};
        UnixMs opened_ms{};
        const mining::ShareTally& tally;
        const mining::WorkerTallies* workers{nullptr};  ///< null: all its shares have the channel's name
    };
    void channel_status(const ChannelStatus& status);
    void share_rejected(const mining::RefusedShare& share);
    void mint_status(const MintStatus& mint);
    struct Status {
        std::uint64_t connections{};
        std::uint64_t channels{};
        std::uint64_t channels_busiest{};  ///< of the connection that has the most
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
        std::int64_t clock_behind_tip_s{};  ///< how far the tip's time is ahead of our clock
        std::uint64_t cut_for_memory{};
        std::uint64_t refused_not_kept{};  ///< refused shares missing from the file keep_refused
        bool has_template_provider{};
        UnixMs template_provider_since_ms{};  ///< of the current state, connected or not
        bool has_template{};                  ///< miners have work
        std::int64_t template_age_ms{};       ///< since the newest template or tip; 0: none
    };
    void status(const Status& status);

  private:
    UnixMs started_ms_{unix_ms_now()};
};

}  // namespace hp::pool
