// Shares for channels that a connection does not have.
#pragma once
#include <cstdint>

#include "base/token_bucket.hpp"

namespace hp::mining {

/// For a channel that was once open they may have been in flight, or the miner ignores the close: however
/// many and however late, the connection's other miners are not to blame. No honest program sends shares for
/// a channel that never existed.
class Strays {
  public:
    static constexpr double kNeverOpenMax = 1'000;
    static constexpr double kNeverOpenPerSecond = 10;

    explicit Strays(SteadyMs now) : never_open_{kNeverOpenMax, kNeverOpenPerSecond, now} {}

    /// A connection's channels are numbered from 1; `next_channel_id`: the next one's.
    static bool was_open(std::uint32_t channel_id, std::uint32_t next_channel_id) {
        return channel_id > 0 && channel_id < next_channel_id;
    }
    /// False: the connection mistakes us for something else.
    bool take(std::uint32_t channel_id, std::uint32_t next_channel_id, SteadyMs now) {
        return was_open(channel_id, next_channel_id) || never_open_.take(now);
    }

  private:
    TokenBucket never_open_;
};

}  // namespace hp::mining
