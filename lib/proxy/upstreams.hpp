// All connections to the SV2 pool, behind the interface of one. A pool limits the channels of a connection,
// so miners are spread: when all connections are full, another one is opened. A lost connection affects only
// its own miners.
#pragma once
#include <deque>
#include <unordered_set>

#include "proxy/upstream.hpp"

namespace hp::proxy {

class Upstreams final : public Channels {
  public:
    struct Options {
        Upstream::Options pool;
        /// Channels of a connection. If a pool says too-many-channels earlier, that is believed until that
        /// connection is reopened.
        std::size_t channels_max{4096};
        std::size_t connections_max{64};
        std::int64_t idle_ms{30'000};  ///< a further connection without channels is closed after this, at
                                       ///< most twice this
    };
    Upstreams(net::Loop& loop, Options options);
    ~Upstreams() override;
    void start();

    /// Whether at least one connection is up.
    bool is_ready() const override;
    /// As negotiated on the current connections; all agree, or are reopened.
    bool pays_ehash() const override { return terms_.pays_ehash; }
    bool fixed_version() const override { return terms_.fixed_version; }
    const std::string& name() const { return lines_.front()->upstream.name(); }

    /// The first connection is up: channels may be opened.
    std::function<void()> on_ready;
    /// A further one is up. If it had been lost, nobody was notified of its miners' quotes meanwhile.
    std::function<void()> on_further_ready;
    /// The last one is down.
    std::function<void(const std::string& reason)> on_lost;
    std::function<void(const std::string& code)> on_setup_refused;

    /// Channel ids are the proxy's own: the pool's are unique only per connection.
    void open_channel(const ChannelOpening& opening, std::weak_ptr<ChannelOwner> owner) override;
    void update_channel(std::uint32_t channel_id, float nominal_hash_rate, const Bytes32& max_target,
                        const Naming& naming) override;
    void submit(const sv2::mining::SubmitSharesExtended& share, const Naming& naming) override;
    void close_channel(std::uint32_t channel_id) override;

    UpstreamStatus status() const;

  private:
    struct Line {
        Line(net::Loop& loop, Upstream::Options options, std::size_t limit_)
            : upstream{loop, std::move(options)}, limit{limit_} {}
        Upstream upstream;
        std::size_t limit;
        std::size_t load{0};  ///< channels open or asked for
        bool was_idle{false};
    };
    struct Terms {
        bool pays_ehash{false};
        bool fixed_version{false};
        friend bool operator==(const Terms&, const Terms&) = default;
    };
    class Route;
    using RoutePtr = std::shared_ptr<Route>;

    Line& add_line();
    void on_line_ready(Line& line);
    void on_line_lost(const std::string& reason);
    void place(RoutePtr route);
    void place_waiting();
    void retire_idle();
    Route* find(std::uint32_t channel_id) const;

    net::Loop& loop_;
    Options options_;
    std::vector<std::unique_ptr<Line>> lines_;  // the first always exists
    Terms terms_;
    std::unordered_set<RoutePtr> opening_;
    std::unordered_map<std::uint32_t, RoutePtr> routes_;  // by our channel id
    std::deque<RoutePtr> waiting_;                        // for a connection with room
    std::uint32_t next_channel_id_{1};
    std::uint64_t ignored_before_{0};  // of connections that are gone
    net::Timer retire_;
};

}  // namespace hp::proxy
