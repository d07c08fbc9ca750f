// All connections of one hp-miner: opens them, shares the crew's work between them, paces the shares, reopens
// lost ones, and knows when it is done.
#pragma once
#include <deque>

#include "miner/client.hpp"
#include "miner/crew.hpp"
#include "miner/tally.hpp"
#include "net/frames.hpp"

namespace hp::miner {

struct FleetOptions {
    Url url;
    Identity identity;
    std::size_t connections{1};
    std::size_t threads{1};
    Engine engine{best_engine()};
    std::int64_t depth{64};  ///< maximum unanswered shares per connection
    /// A share counts towards the depth no longer than this: it may wait for the end of a batch.
    std::int64_t depth_hold_ms{10'000};
    /// A server may acknowledge shares in batches of any size, so an unanswered share is no reason to leave
    /// it. TCP notices a host that is gone; one that hangs sends nothing at all, no jobs either, for this
    /// long.
    std::int64_t silence_limit_ms{1'800'000};
    double rate_per_s{0};                ///< shares per second over all connections; 0: as they are found
    std::uint64_t shares_max{0};         ///< ends after this many; 0: no limit
    std::int64_t connect_timeout_ms{0};  ///< gives up if no connection was up by then; 0: never
};

class Fleet {
  public:
    /// `on_done` is called once: success, or why no connection was ever up.
    Fleet(net::Loop& loop, FleetOptions options, std::function<void(Result<>)> on_done);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    void start();
    /// Stops finding shares; waits for answers (up to 2 s), then calls on_done.
    void finish();
    /// The time is over: finish(), or the failure if no connection was ever up.
    void expire();

    const Tally& tally() const { return tally_; }
    std::uint64_t hashes() const { return crew_.hashes(); }
    std::size_t connections_open() const;
    bool was_ever_up() const { return tally_.connects > 0; }

  private:
    class Seat;

    void collect();
    void pace();
    void check_time();
    void answered();
    void wake_if_granted();
    Error why_no_work() const;
    void end(Result<> result);

    net::Loop& loop_;
    FleetOptions options_;
    std::function<void(Result<>)> on_done_;
    Tally tally_;
    std::vector<std::unique_ptr<Seat>> seats_;
    net::Timer pace_timer_, check_timer_, connect_limit_, finish_limit_;
    SteadyMs pace_start_ms_{0};
    std::uint64_t paced_{0};
    std::size_t next_seat_{0};
    bool wake_crew_{false};  ///< allowances grew since the crew was last woken
    bool finishing_{false};
    bool ended_{false};
    std::optional<Error> last_loss_;
    bool was_reached_{false};  ///< the address has answered
    std::string server_says_;  ///< since the last loss
    /// The crew's posts may outlive the fleet in the loop's queue; they check this first.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    Crew crew_;  // last: its threads end before anything they use
};

}  // namespace hp::miner
