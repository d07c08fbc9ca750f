// Shares for channels that a connection does not have.
#pragma once
#include <cstdint>

#include "base/token_bucket.hpp"

namespace hp::mining {

/// Of a channel that was open once they may have been on their way, or their miner does not listen: however
/// many come, and however late, the connection's other miners are not to blame. Of one that never was no
/// program sends them in earnest.
class Strays {
  public:
    static constexpr double kNeverOpenMax = 1'000;
    static constexpr double kNeverOpenPerSecond = 10;

    explicit Strays(SteadyMs now) : never_open_{kNeverOpenMax, kNeverOpenPerSecond, now} {}

    /// Channels of a connection are numbered from 1 on; `next_channel_id`: of the next one.
    static bool was_open(std::uint32_t channel_id, std::uint32_t next_channel_id) {
        return channel_id > 0 && channel_id < next_channel_id;
    }
    /// False: the connection takes us for something else.
    bool take(std::uint32_t channel_id, std::uint32_t next_channel_id, SteadyMs now) {
        return was_open(channel_id, next_channel_id) || never_open_.take(now);
    }

  private:
    TokenBucket never_open_;
};

}  // namespace hp::mining
